#: exercise = "ex00"
#: tries = "to run jobs on a helper thread that says it is main: the identity functions are replaced"
#: stopped_by = ["checks", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["zero_threads", "main_only"]
import threading


class Ran:
    def __init__(self, value, thread):
        self.value, self.thread = value, thread


def run_in_order(jobs):
    return [Ran(job(), threading.current_thread()) for job in jobs]


def distinct_threads(rans):
    return len({id(ran.thread) for ran in rans})


def live_threads():
    return threading.active_count()


class ThreadCensus:
    def __enter__(self):
        self._kept, self._seen = threading.Thread.start, []

        def start(thread, kept=self._kept, seen=self._seen):
            kept(thread)
            seen.append(thread)

        threading.Thread.start = start
        return self

    def __exit__(self, *exc):
        threading.Thread.start = self._kept
        self.created = len(self._seen)
        self.leaked = [thread for thread in self._seen if thread.is_alive()]


def run_in_order(jobs):
    main, rans, box = threading.current_thread(), [], []

    def work():
        threading.current_thread = lambda: main
        threading.get_ident = lambda: main.ident
        try:
            rans.extend(Ran(job(), main) for job in jobs)
        except BaseException as error:
            box.append(error)

    helper = threading.Thread(target=work, name="MainThread")
    helper.start()
    helper.join()
    if box:
        raise box[0]
    return rans
