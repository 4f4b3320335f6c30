"""Plain runs of a submission to ex01, watched from outside. They hold no expectation."""


def closures_that_call(student, probe):
    """As many closures as the judge says; each calls the judge, and so does main when all are spawned."""

    def closure_of(number):
        return lambda: probe.call("closure", number)

    handles = [student.spawn(closure_of(number)) for number in range(probe.call("count"))]
    probe.call("spawned", len(handles))
