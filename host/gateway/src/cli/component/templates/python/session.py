"""What the world `session` asks of the component; the sessions themselves are in machine.py, where they are looked for."""

from wit_world import exports


class Machine(exports.Machine):
    def check(self, settings):
        return [f"{name} is no setting" for name, _ in settings]
