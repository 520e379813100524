"""A local look-alike of Earth Engine, for trying the plugin without an account and for its tests.

It evaluates the same expression graphs over a folder of scenes and is never Google's service: where the
real behaviour is undocumented, `assumptions.py` says what was chosen. Shares no code with the plugin.
"""
