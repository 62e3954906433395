"""The screens. Each is registered in `registry.py` and loaded when it is opened first."""
