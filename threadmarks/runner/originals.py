"""The real primitives, kept before `patches` replaces their public names.

The engine itself must block, read the time and leave the process for real. It uses these names and no others. Imported
first of all runner modules; must not import any module that the patches touch beyond those listed here.
"""

import _thread
import os
import time

allocate_lock = _thread.allocate_lock
start_new_thread = _thread.start_new_thread
get_ident = _thread.get_ident
RLock = _thread.RLock
LockType = _thread.LockType
monotonic = time.monotonic
sleep = time.sleep
process_time = time.process_time
exit_process = os._exit
urandom = os.urandom
read = os.read
write = os.write
