"""Plain runs of a submission to ex14, watched from outside. They hold no expectation."""


def threads_program_without_sleeps(student, probe):
    """The threads program; each line is told to the judge, and no sleep takes time."""
    student.threads_program(lambda text: probe.call("say", text), lambda _seconds: None)
    probe.call("over")


def body_at_the_judge(student, probe):
    """A decorated function with as many workers as the judge says; its body calls the judge, and so does the scenario afterwards."""

    @student.main(worker_threads=probe.call("workers"))
    async def body():
        probe.call("body")

    body()
    probe.call("over")
