"""Film-like portraits from numbers: `python -m tools.looks NAME -o DIR` makes the look folder of one person.

A person is a page of numbers (people/NAME.yaml). The way to a picture: clay strokes and a relief make a signed
distance field (sculpt, relief, fields), rays find its surface (march), light is gathered on it by Monte Carlo (studio,
light, shade), hair grows as strands (strands, hairstyles, face_hair), and what the portrait puppet needs beside the
picture is taken from the same geometry (landmarks, layers). Lengths are decimetres: x to the viewer's right, y up from
the eyes, z to the camera. Everything follows from the person's seed; nothing is random between two runs.
"""
