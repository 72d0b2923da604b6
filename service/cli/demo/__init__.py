"""The demo: the main job, played from outside.

Every step goes through the public HTTP API, the real OAuth redirect or the simulator's bookkeeper, as a billing
platform, a browser and a bookkeeper would. Nothing in here calls the service's internals.
"""
