"""The objects that man/wadokit-json.5 documents, and whether a line is one of them.

In the page `.SS "TYPE (COMMAND, ...)"` begins an object and the tag `.BR NAME " KIND"` a member. KIND is
string, integer, number, boolean, object, array or "array of strings"; then maybe ": word, word" for a string
that is one of these, " or null" and ", may be absent". A member of a member is named OUTER.INNER.
"""
import os
import re

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "man", "wadokit-json.5")
KINDS = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "array of strings": lambda v: isinstance(v, list) and all(isinstance(one, str) for one in v),
}


class Member:
    def __init__(self, text):
        match = re.fullmatch(r"([a-z ]+?)(?:: ([\w, ]+?))?( or null)?(, may be absent)?", text)
        if not match or match.group(1) not in KINDS:
            raise ValueError("wadokit-json.5: what is \"%s\"?" % text)
        self.kind, words, null, absent = match.groups()
        self.words = words.split(", ") if words else None
        self.null, self.absent = bool(null), bool(absent)

    def wrong(self, value):
        if value is None:
            return None if self.null else "is null"
        if not KINDS[self.kind](value):
            return "is %r, no %s" % (value, self.kind)
        return "is %r" % value if self.words and value not in self.words else None


class Object:
    def __init__(self, kind, commands):
        self.type, self.commands, self.members = kind, commands, {}

    def wrong(self, found, prefix=""):
        """What is wrong with an object, as a list of words; `prefix` is that of a member's members."""
        words = []
        here = {name[len(prefix):]: member for name, member in self.members.items()
                if name.startswith(prefix) and "." not in name[len(prefix):]}
        for name, value in found.items():
            if name not in here:
                if prefix or name != "type":
                    words.append("%s: %s%s is not documented" % (self.type, prefix, name))
                continue
            said = here[name].wrong(value)
            if said:
                words.append("%s: %s%s %s" % (self.type, prefix, name, said))
            inner = prefix + name + "."
            if isinstance(value, dict) and any(one.startswith(inner) for one in self.members):
                words += self.wrong(value, inner)
        for name, member in here.items():
            if name not in found and not member.absent:
                words.append("%s: %s%s is absent" % (self.type, prefix, name))
        return words

    def names(self, found, prefix=""):
        """The documented names of the members of an object, and of its members' members."""
        names = set()
        for name, value in found.items():
            if prefix + name in self.members:
                names.add(prefix + name)
                if isinstance(value, dict):
                    names |= self.names(value, prefix + name + ".")
        return names


def read(path=PAGE):
    """All objects of the page."""
    objects = []
    with open(path, encoding="utf-8") as file:
        lines = file.read().split(".SH OBJECTS\n", 1)[1].split("\n.SH ", 1)[0].splitlines()
    for line in lines:
        head = re.fullmatch(r'\.SS "(\w+) \(([\w, ]+)\)"', line)
        member = re.fullmatch(r'\.BR ([\w.]+) " (.*)"', line)
        if head:
            objects.append(Object(head.group(1), head.group(2).split(", ")))
        elif line.startswith(".SS"):
            raise ValueError("wadokit-json.5: %s" % line)
        elif member:
            objects[-1].members[member.group(1)] = Member(member.group(2))
    return objects


def command_of(args, objects):
    """The command in a list of arguments, None where it prints no objects of ours."""
    known = {command for one in objects for command in one.commands}
    return next((str(arg) for arg in args if str(arg) in known), None)


def hold(objects, found, command=None):
    """(the object of the page that `found` is, None) or (None, why it is none of them)."""
    why = "no object of type %r of %s is documented" % (found.get("type"), command or "any command")
    for one in objects:
        if one.type != found.get("type") or (command and command not in one.commands):
            continue
        wrong = one.wrong(found)
        if not wrong:
            return one, None
        why = "; ".join(wrong)
    return None, why
