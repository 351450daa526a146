"""Cities that do not exist, for a year: what their people do, and what must come of it.

Everything follows from a seed, to the byte. Beside the events stands the truth: what each of them changed,
kept by plain bookkeeping while it happens, so that read models and follow-ups can be held against it.
"""
