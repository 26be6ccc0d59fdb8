"""A puppet made from one picture: it is bent, shaded and given new eyes and a mouth, frame by frame.

| file | what it does |
|---|---|
| landmarks.py | the 29 points of a face, what is wrong with a set of them, and the face's own coordinates |
| portrait_look.py | reads and checks a look folder |
| prepare.py | makes a look ready: with eyes.py, lips.py, depth.py and folds.py for what a plain picture lacks |
| portrait.py, store.py | the prepared picture, and its cache on disk |
| control_points.py, shapes.py, spline.py | what each blendshape does to points of the face, and between them |
| view.py, bending.py | where the picture lies in a shot, and the grids of nodes that it hangs on |
| gestures.py, folds.py | a FaceState as numbers for the kernels |
| mouth.py, face_parts.py | teeth and tongue; the eyes and the mouth, which are drawn anew |
| kernels*.py | the compiled loops |
| painter.py | from a FaceState to a picture |
"""
