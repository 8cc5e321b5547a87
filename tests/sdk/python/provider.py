"""What the fake provider is told to do, and what it was asked."""

import json
import os
import urllib.request

URL = os.environ["FAKE_PROVIDER"]
USUAL = (
    "Open Plugins, choose Add New, and upload the zip that you downloaded. "
    "Activate it, and enter the address, the key and the secret under Settings."
)


def _call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def plan(**plans):
    """From now on these models do this (`_` stands for `-`); nothing that was asked before is remembered."""
    _call("PUT", "/control", {name.replace("_", "-"): what for name, what in plans.items()})
    _call("DELETE", "/control/requests")


def asked(model):
    return _call("GET", f"/control/requests?model={model}")
