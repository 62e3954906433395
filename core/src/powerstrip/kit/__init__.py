"""Tools for people who write adapters: begin one, judge it, compare two versions, try it while it is written.

Nothing here is needed to run a hub. `powerstrip plugin …` is the way in; `powerstrip.kit.snapshot` is for an adapter's tests.
"""
