"""The prelude's `Future`: what `await` does with it, and what becomes of it when the coroutine is closed."""

import pytest

from threadmarks.prelude import PENDING, Future, Ready


class Told(Future[str]):
    """Counts how often it was closed."""

    closed = 0

    def poll(self, cx):
        return PENDING

    def close(self):
        self.closed += 1


async def waits_for(future):
    """A coroutine that awaits one future."""
    return await future


def test_await_yields_the_future_until_a_ready_is_sent_in():
    """Whoever drives the coroutine polls what it gets."""
    future = Told()
    coroutine = waits_for(future)
    assert coroutine.send(None) is future
    assert coroutine.send(PENDING) is future
    with pytest.raises(StopIteration) as end:
        coroutine.send(Ready("value"))
    assert end.value.value == "value"
    assert future.closed == 0


def test_what_a_poll_raised_is_thrown_in():
    """The coroutine may catch it."""
    coroutine = waits_for(Told())
    coroutine.send(None)
    with pytest.raises(KeyError):
        coroutine.throw(KeyError("inside"))


def test_a_coroutine_that_is_closed_closes_what_it_waits_for():
    """Dropping goes from the outside in."""
    future = Told()
    coroutine = waits_for(future)
    coroutine.send(None)
    coroutine.close()
    assert future.closed == 1


def test_a_future_is_recognised_by_its_methods():
    """It need not derive from the prelude's; but then it brings all of them."""

    class Alike:
        def poll(self, cx): ...
        def close(self): ...
        def __await__(self): ...

    assert isinstance(Alike(), Future)
    assert not isinstance(object(), Future)
