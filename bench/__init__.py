"""What dogwrap costs: whole processes, measured side by side on this machine.

    python3 -m bench [--quick] [--dogwrap PROGRAM] [--original PROGRAM] [--output FILE] ...

Prints one table, and writes every sample to a JSON file. An experiment runs its contenders in turn (A B C A B C ...)
and compares them round by round, so that a slow moment slows them all. Figures are medians (minimum .. maximum); a bar
is for the median.

    wall      from letting the process go until it has been waited for
    cpu       user and system time of the process and of all it waited for
    peak      the largest resident memory of any one of them
    faults    page faults of all of them that were served from memory
    exit      from the end of the wrapped command until the wrapper has been waited for. The command is `date`, which
              tells the time just before it ends, so its own end is counted in; the same under `sh` shows how much
    memory    of all processes of all jobs while they run, what several share divided among them (PSS)
    switches  how often threads of the wrapper gave up a processor, which is once each time that one was woken
    calls     system calls of the wrapper's threads, and of its child until that has become the command
    instructions  of the wrapper's threads, as callgrind counts them
    import    in Python: the runtime's own package, which everything that uses it has to import, in a fresh process
    load      in the same process: the rules, from the cache of compiled code to the first instance
    call      in a program that has loaded the rules: one failed run judged, its event and its requests made

Output goes into a file in memory, or into a pipe whose reader counts the bytes; both streams pass one wrapper, or one
`cat`. A run that loses output, ends with another status, does not submit its event or takes too long is a failure (exit
status 1), not a figure.
"""
