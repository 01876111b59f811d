"""What a probe author writes against; nothing else of the agent may be imported by a probe.

A journey is a class, each step an async method with an id, in the order of definition::

    class Application(Journey):
        \"\"\"An officer files an application, as far as a monitor may.\"\"\"

        @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5)
        async def sign_in(self) -> None:
            reply = await self.post("/sso/token", json=self.credentials("simkim"))
            self.expect(reply.status == 200, "a token is issued")
            self.token = reply.document().require("access_token", str)

Order, ids, services and roles are known without running it, so that metrics start at zero and
skipped steps have names. A journey is made anew for every run: what a step leaves on ``self`` is
there for the later steps of the same run, and gone afterwards.

What a step raises decides what it is: :meth:`Journey.expect` and the shape of a reply speak of the
centre; anything else that a step raises is a bug of the probe and never held against the centre.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

from agent.core.model import Failure, FailureKind, Phases, StepName, is_name
from agent.core.shape import Shape, answer_of, shape_of, told
from agent.core.synthetic import Applicant

__all__ = [
    "Applicant",
    "Document",
    "Failure",
    "FailureKind",
    "Journey",
    "Phases",
    "Reply",
    "Request",
    "RequestFailed",
    "RequestRefused",
    "Session",
    "Shape",
    "StepBroken",
    "StepName",
    "answer_of",
    "shape_of",
    "step",
]

SIGNED_BY_TARGET = "signed_by_target"
"""Among a role's credentials: the agent itself signs every request to it."""
_MAX_JSON_DEPTH_ERROR = "the JSON is nested too deep"


class StepBroken(Exception):  # noqa: N818 - a fact about the centre, not an error of ours
    """The centre did not do what this step needs. Carries the failure as facts."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class RequestFailed(StepBroken):
    """No usable HTTP answer came: refused, reset, timed out, not HTTP. Raised by sessions.

    ``phases`` holds the seconds spent before it failed.
    """

    def __init__(self, failure: Failure, phases: Phases | None = None) -> None:
        super().__init__(failure)
        self.phases = phases or Phases()


class RequestRefused(ValueError):  # noqa: N818 - a rail held
    """A rail of the agent keeps a request from being sent: a mistake of the probe.

    Its words are the agent's own and hold nothing that was to be sent, so they may be shown.
    """


class Document(dict[str, Any]):
    """A JSON object of a reply; a field that is missing is a change of contract, not a KeyError."""

    def __missing__(self, key: str) -> Any:
        raise StepBroken(Failure(kind=FailureKind.CONTRACT, detail=f'the field "{key}" is missing'))

    def require(self, key: str, kind: type[T]) -> T:
        """The field ``key``, which must be a ``kind``; else the contract has changed."""
        value = self[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise StepBroken(
                Failure(
                    kind=FailureKind.CONTRACT,
                    detail=f'"{key}": {kind.__name__} became {type(value).__name__}',
                )
            )
        return value


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request as a step asks for it: a target role and a path, never a host."""

    role: str
    service: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    sandbox_only: bool = False
    """It may go to a target that is marked as a sandbox, and to no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer, whole: bodies are capped by the session that fetched it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    phases: Phases = field(default_factory=Phases)

    def json(self) -> Any:
        """The body as JSON, objects as :class:`Document`.

        Raises :class:`StepBroken`: with the status when that already says what is wrong, else as a
        change of contract.
        """
        if self.status >= 400:  # noqa: PLR2004 - the border that HTTP draws
            raise StepBroken(_status_failure(self.status, "an answer"))
        try:
            return json.loads(self.body, object_hook=Document, parse_constant=_refuse_constant)
        except RecursionError:
            detail = _MAX_JSON_DEPTH_ERROR
        except ValueError:
            detail = "the body is not JSON"
        raise StepBroken(Failure(kind=FailureKind.CONTRACT, detail=detail))

    def document(self) -> Document:
        """The body as one JSON object; as :meth:`json`, and any other JSON breaks the contract."""
        value = self.json()
        if isinstance(value, Document):
            return value
        detail = f"an object became {type(value).__name__}"
        raise StepBroken(Failure(kind=FailureKind.CONTRACT, detail=detail))


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


class Session(Protocol):
    """What a run holds of the outside: one fresh connection per target, closed with the run."""

    async def send(self, request: Request) -> Reply:
        """Send one request and read its whole answer.

        Raises :class:`RequestFailed`. Never waits longer than the run's own deadline allows: the
        caller cancels.
        """
        ...


StepMethod = Callable[[Any], Awaitable[None]]
M = TypeVar("M", bound=StepMethod)


def step(  # noqa: PLR0913 - what a step says of itself, each by its name
    step_id: str,
    *,
    service: str,
    role: str,
    slow_after_s: float | None = None,
    requests: int = 1,
    sandbox_only: bool = False,
    consent: str | None = None,
    always: bool = False,
) -> Callable[[M], M]:
    """Mark an async method as a step.

    ``service`` is what it exercises, ``role`` the target its requests go to, ``slow_after_s`` the
    duration from which a good step is called slow (None: never), ``requests`` the most requests it
    sends: they are taken from the target's budget before the run begins.

    ``sandbox_only`` marks a step that writes, or that needs what such a step wrote: it exists only
    where the target says ``sandbox: true``. ``consent`` names the permission that the owner of the
    data has to have given in writing; without it in the target's settings the step does not exist.
    ``always`` marks one that puts things in order again:
    it is carried out even when an earlier step broke or the run was cut off, so it has to look
    first whether there is anything to put in order.
    """
    if not is_name(service):
        raise ValueError(f'step "{step_id}": "{service}" is no service name')
    if requests < 1:
        raise ValueError(f'step "{step_id}": requests must be 1 or more, not {requests}')
    declared = StepName(
        id=step_id,
        service=service,
        role=role,
        slow_after_s=slow_after_s,
        requests=requests,
        sandbox_only=sandbox_only,
        consent=consent,
        always=always,
    )

    def mark(method: M) -> M:
        method._pantau_step = declared  # type: ignore[attr-defined]  # noqa: SLF001
        return method

    return mark


class Journey:
    """The steps a person would take, as code. Subclass it and mark methods with :func:`step`.

    ``name`` is what configuration, metrics and the command line call the journey.
    """

    name: ClassVar[str] = ""
    steps: ClassVar[tuple[StepName, ...]] = ()
    _methods: ClassVar[Mapping[str, StepMethod]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        methods: dict[str, StepMethod] = dict(cls._methods)
        steps: list[StepName] = list(cls.steps)
        for member in vars(cls).values():
            declared = getattr(member, "_pantau_step", None)
            if declared is None:
                continue
            if declared.id in methods:
                raise TypeError(f'{cls.__name__}: the step id "{declared.id}" is used twice')
            methods[declared.id] = member
            steps.append(declared)
        cls._methods, cls.steps = methods, tuple(steps)
        if not is_name(cls.name):
            raise TypeError(f'{cls.__name__}: give it a name such as "simkim-sign-in"')
        if not steps:
            raise TypeError(f"{cls.__name__}: a journey needs at least one step")

    @classmethod
    def within(
        cls, sandboxes: Collection[str], consents: Collection[str] = ()
    ) -> type[Journey] | None:
        """The journey where only these target roles are sandboxes; None: nothing is left of it.

        A step that writes is not there at all on a live target: neither run, nor paid for, nor
        shown. Nor is one that needs another consent than ``consents``.
        """
        kept = tuple(
            each
            for each in cls.steps
            if (not each.sandbox_only or each.role in sandboxes)
            and (each.consent is None or each.consent in consents)
        )
        if kept == cls.steps:
            return cls
        if all(each.always for each in kept):
            return None
        same = {"__doc__": cls.__doc__, "__module__": cls.__module__}
        live: type[Journey] = type(cls.__name__, (cls,), same)
        live.steps = kept
        return live

    def __init__(
        self,
        *,
        session: Session,
        applicant: Applicant,
        credentials: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Bind one run to its session; ``credentials`` are by target role."""
        self.applicant = applicant
        self._session = session
        self._credentials = credentials or {}
        self._current: StepName | None = None
        self._sent = 0
        self.last_status: int | None = None
        self.phases = Phases()
        self.credentials_given: set[str] = set()
        """Target roles whose credentials this run has asked for."""

    async def perform(self, step_id: str) -> None:
        """Execute one step. Afterwards ``phases`` and ``last_status`` tell what its requests cost.

        Raises :class:`StepBroken` when the centre broke it, anything else when the probe did.
        """
        self._current = next(each for each in self.steps if each.id == step_id)
        self._sent = 0
        self.last_status = None
        self.phases = Phases()
        await self._methods[step_id](self)

    def credentials(self, role: str) -> dict[str, str]:
        """The credentials configured for a target role, to be sent and never kept.

        Raises LookupError for a role that no step names: which credentials a journey may send is
        known before it runs, so that one that was refused can be left alone for a while.
        """
        if all(each.role != role for each in self.steps):
            raise LookupError(f'no step of {self.name} names the target "{role}"')
        self.credentials_given.add(role)
        known = self._credentials.get(role, {})
        return {key: value for key, value in known.items() if key != SIGNED_BY_TARGET}

    def expect(self, condition: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
        """Break the step unless ``condition`` holds; ``what`` says what was expected."""
        if condition:
            return
        if self.last_status is not None and self.last_status >= 400:  # noqa: PLR2004
            raise StepBroken(_status_failure(self.last_status, what))
        raise StepBroken(
            Failure(
                kind=FailureKind.UNEXPECTED, detail=f"expected: {what}", status=self.last_status
            )
        )

    def expect_shape(self, reply: Reply, shape: Shape) -> Any:
        """The JSON of ``reply``, which has to have the shape that was agreed.

        Else the contract has changed, and how is told: ``no_permohonan: number became string``.
        Objects are :class:`Document`, as by :meth:`Reply.json`.
        """
        answer = reply.json()
        if differences := shape.differences(answer):
            raise StepBroken(Failure(kind=FailureKind.CONTRACT, detail=told(differences)))
        return answer

    def expect_flow(self, condition: bool, what: str) -> None:  # noqa: FBT001
        """As :meth:`expect`, for work that must move: ages, rates, writes that must arrive."""
        if not condition:
            raise StepBroken(Failure(kind=FailureKind.FLOW, detail=f"expected: {what}"))

    async def expect_arrival(
        self, look: Callable[[], Awaitable[bool]], what: str, *, within_s: float
    ) -> None:
        """Break the step unless ``look`` finds what was written before ``within_s`` seconds pass.

        It looks at once, and again as often as the step has requests left, evenly spread: each look
        is one request. How long the step took is then the age at which the write could be read, and
        its ``slow_after_s`` says from when that is slow.
        """
        declared = self._current.requests if self._current is not None else 1
        looks = max(1, declared - self._sent)
        for number in range(looks):
            if number:
                await asyncio.sleep(within_s / (looks - 1))
            if await look():
                return
        self.expect_flow(False, f"{what} within {within_s:g} s")  # noqa: FBT003 - it did not

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """GET ``path`` of this step's target."""
        return await self._send("GET", path, params=params, headers=headers)

    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """POST to ``path`` of this step's target, with a JSON body or a form."""
        return await self._send("POST", path, json=json, form=form, headers=headers)

    async def delete(self, path: str, *, headers: Mapping[str, str] | None = None) -> Reply:
        """DELETE ``path`` of this step's target; only in a step that is ``sandbox_only``."""
        if self._current is not None and not self._current.sandbox_only:
            raise RequestRefused(f'step "{self._current.id}" deletes and is not sandbox_only')
        return await self._send("DELETE", path, headers=headers)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        current = self._current
        if current is None or current.role is None:
            raise RuntimeError("a request can only be sent from within a step")
        if SIGNED_BY_TARGET in self._credentials.get(current.role, ()):
            self.credentials_given.add(current.role)
        self._sent += 1
        if self._sent > current.requests:
            raise RuntimeError(
                f'step "{current.id}" declares requests={current.requests} and sends one more'
            )
        request = Request(
            role=current.role,
            service=current.service,
            method=method,
            path=path,
            headers=headers or {},
            params=params or {},
            json=json,
            form=form,
            sandbox_only=current.sandbox_only,
        )
        try:
            reply = await self._session.send(request)
        except RequestFailed as failed:
            self.phases += failed.phases
            raise
        self.phases += reply.phases
        self.last_status = reply.status
        return reply


def _status_failure(status: int, what: str) -> Failure:
    kind = FailureKind.AUTH if status in (401, 403) else FailureKind.HTTP
    return Failure(kind=kind, detail=f"HTTP {status}; expected: {what}", status=status)
