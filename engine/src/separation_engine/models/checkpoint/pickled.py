"""Interprets the pickle of a checkpoint. Nothing in it is imported or called.

Python's unpickler allocates whatever a file asks for, such as a memo of 2³² entries, even if every class is
refused. This one knows the operations that `torch.save` writes, and builds dictionaries, lists, tuples and
tensors.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from separation_engine.common.errors import WeightsMismatchError

# torch writes 300 bytes for each tensor
_MAX_BYTES = 1 << 24

_STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}


@dataclass(frozen=True)
class Storage:
    """A file of numbers inside the checkpoint. dtype: of NumPy, or `bfloat16`."""

    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class StoredTensor:
    """A view of a storage, in numbers and not in bytes. It is not checked against its storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class _Global:
    name: str


class _Mark:
    pass


_MARK = _Mark()


def interpret(content: bytes) -> object:
    """The object in a pickle: of dictionaries, lists, tuples, numbers, strings and StoredTensor.

    Raises WeightsMismatchError, which names what is not allowed.
    """
    if len(content) > _MAX_BYTES:
        raise WeightsMismatchError(f"the checkpoint describes itself in over {_MAX_BYTES >> 20} MiB")
    machine = _Machine()
    try:
        for operation, argument, _ in pickletools.genops(content):
            if operation.name == "STOP":
                return machine.stack.pop()
            machine.run(operation.name, argument)
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
        UnicodeError,
        RecursionError,
    ) as error:
        raise WeightsMismatchError(f"the checkpoint is not a whole pickle: {error}") from error
    raise WeightsMismatchError("the checkpoint is not a whole pickle: it has no end")


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        constants = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
        self._operations: dict[str, Callable[[Any], None]] = {
            **dict.fromkeys(("PROTO", "FRAME"), self._ignore),
            **dict.fromkeys(_LITERALS, self.stack.append),
            **{name: self._constant(value) for name, value in constants.items()},
            "EMPTY_DICT": lambda _: self.stack.append({}),
            "EMPTY_LIST": lambda _: self.stack.append([]),
            "EMPTY_TUPLE": lambda _: self.stack.append(()),
            "MARK": lambda _: self.stack.append(_MARK),
            "TUPLE": lambda _: self.stack.append(tuple(self._to_mark())),
            "TUPLE1": lambda _: self._tuple(1),
            "TUPLE2": lambda _: self._tuple(2),
            "TUPLE3": lambda _: self._tuple(3),
            "APPEND": lambda _: self._append([self.stack.pop()]),
            "APPENDS": lambda _: self._append(self._to_mark()),
            "SETITEM": lambda _: self._set_items(self._pop(2)),
            "SETITEMS": lambda _: self._set_items(self._to_mark()),
            "BINPUT": self._put,
            "LONG_BINPUT": self._put,
            "MEMOIZE": lambda _: self._put(len(self._memo)),
            "BINGET": self._get,
            "LONG_BINGET": self._get,
            "GLOBAL": lambda argument: self.stack.append(_allowed(argument.replace(" ", "."))),
            "STACK_GLOBAL": lambda _: self.stack.append(_allowed(".".join(self._pop(2)))),
            "BINPERSID": lambda _: self.stack.append(_storage(self.stack.pop())),
            "REDUCE": lambda _: self._reduce(),
            "BUILD": lambda _: self._build(),
        }

    def run(self, name: str, argument: object) -> None:
        if name not in self._operations:
            raise WeightsMismatchError(f"the checkpoint uses {name}, which is not allowed")
        self._operations[name](argument)

    def _ignore(self, _: object) -> None:
        pass

    def _constant(self, value: object) -> Callable[[object], None]:
        return lambda _: self.stack.append(value)

    def _pop(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise IndexError("it takes more values than it has")
        values = self.stack[-count:]
        del self.stack[-count:]
        return values

    def _to_mark(self) -> list[Any]:
        marks = (index for index in reversed(range(len(self.stack))) if self.stack[index] is _MARK)
        place = next(marks, None)
        if place is None:
            raise IndexError("it has no mark")
        values = self.stack[place + 1 :]
        del self.stack[place:]
        return values

    def _tuple(self, count: int) -> None:
        self.stack.append(tuple(self._pop(count)))

    def _append(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise TypeError("it appends to what is not a list")
        target += values

    def _set_items(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise TypeError("it sets items of what is not a dictionary")
        target.update(_pairs(zip(values[::2], values[1::2], strict=True)))

    def _put(self, index: int) -> None:
        self._memo[index] = self.stack[-1]

    def _get(self, index: int) -> None:
        self.stack.append(self._memo[index])

    def _reduce(self) -> None:
        function, arguments = self._pop(2)
        if not isinstance(function, _Global) or not isinstance(arguments, tuple):
            raise TypeError("it calls what is not a function")
        if function.name == "collections.OrderedDict":
            self.stack.append(_pairs(*arguments))
        elif function.name == "torch._utils._rebuild_parameter":
            self.stack.append(arguments[0])
        elif function.name == "torch._utils._rebuild_tensor_v2":
            self.stack.append(_tensor(*arguments[:4]))
        else:
            raise WeightsMismatchError(f"the checkpoint calls {function.name}, which is not allowed")

    def _build(self) -> None:
        """Attributes of a dictionary, such as the versions of its layers, are left out."""
        _, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, dict):
            raise TypeError("it sets attributes of what is not a dictionary")


_LITERALS = (
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "BINFLOAT",
    "BINUNICODE",
    "SHORT_BINUNICODE",
)


def _pairs(pairs: Iterable[tuple[object, object]] = ()) -> dict[object, object]:
    """A dictionary. Its keys are simple: hashing nested tuples could take forever."""
    found: dict[object, object] = {}
    for key, value in pairs:
        if not isinstance(key, (str, int, type(None))):
            raise TypeError("it has a dictionary with a key that is neither a text nor a number")
        found[key] = value
    return found


def _allowed(name: str) -> _Global:
    module, _, kind = name.rpartition(".")
    functions = (
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
    )
    if name in functions or (module == "torch" and kind in _STORAGES):
        return _Global(name)
    raise WeightsMismatchError(f"the checkpoint names {name[:80]}, which is not allowed")


def _storage(identity: object) -> Storage:
    match identity:
        case ("storage", _Global(name), str(key), str(), int(count)) if count >= 0:
            return Storage(key, _STORAGES[name.removeprefix("torch.")], count)
    raise TypeError("it has a malformed storage")


def _tensor(storage: object, offset: object, shape: object, strides: object) -> StoredTensor:
    if not isinstance(storage, Storage) or type(offset) is not int:
        raise TypeError("it has a tensor without a storage")
    return StoredTensor(storage, offset, _sizes(shape), _sizes(strides))


def _sizes(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple) or not all(type(one) is int for one in values):
        raise TypeError("it has a tensor whose shape is not made of numbers")
    return values
