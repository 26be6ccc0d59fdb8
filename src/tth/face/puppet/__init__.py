"""A puppet made from one picture: it is bent, shaded and given new eyes and a mouth, frame by frame.

| file | what it does |
|---|---|
| landmarks.py | the 29 points of a face, what is wrong with a set of them, and the face's own coordinates |
| portrait_look.py | reads and checks a look folder |
"""
