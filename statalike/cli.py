"""The command ``statalike``: the shell, do-files, batch mode.

Nothing heavy is imported here: ``--version`` and ``--help`` must answer at once, and the prompt
opens before the session is loaded.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from statalike import __version__

if TYPE_CHECKING:
    from statalike.shell.batch import Job
    from statalike.shell.configuration import Configuration

WRONG_USAGE = 2
INTERRUPTED = 130
STANDARD_INPUT = "-"

_USAGE = """statalike [options]
       statalike [options] [do] FILE.do [ARGUMENTS ...]
       statalike [options] -e COMMANDS
       statalike [options] -"""
_DETAILS = """\
Without a do-file the interactive shell starts; commands come from standard input when that is no
terminal.  Everything after the do-file's name is handed to it as arguments.

exit status: 0 success; 1 stopped by an error, whose return code r(#) is the last line shown;
2 wrong usage; 130 interrupted; # after "exit #" (at most 255)."""


def argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="statalike",
        usage=_USAGE,
        description="An interpreter of Stata syntax for multilevel mixed-effects models.",
        epilog=_DETAILS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("-b", "--batch", action="store_true", help="write FILE.log, show nothing")
    add("-q", "--quiet", action="store_true", help="no banner")
    add("-s", "--smcl", action="store_true", help="SMCL logs (not yet supported)")
    add("-e", "--execute", action="append", metavar="COMMANDS", help="run commands, one a line")
    add("--no-profile", action="store_true", help="do not run profile.do")
    add("--color", choices=("auto", "always", "never"), help="colours on the screen")
    add("--json-status", type=Path, metavar="FILE", help="write how the run ended to FILE")
    add("--config", type=Path, metavar="FILE", help="read this configuration file")
    add("--print-config", action="store_true", help="show a configuration file to start from")
    add("--history-file", type=Path, metavar="FILE", help="keep the prompt's history in FILE")
    add("-V", "--version", action="version", version=f"statalike {__version__}")
    add("words", nargs=argparse.REMAINDER, metavar="FILE.do [ARGUMENTS]", help="do-file to run")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit status (see ``--help``)."""
    parser = argument_parser()
    options = parser.parse_args(arguments)
    _use_one_thread_for_small_matrices()
    try:
        return _run(parser, options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # what reads the output has gone; nothing more may be written to it, at the exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as problem:
        print(f"statalike: {problem}", file=sys.stderr)
        return WRONG_USAGE
    except Exception as problem:
        from statalike.shell.error_report import report_request

        print(f"statalike: unexpected internal error; {report_request(problem)}", file=sys.stderr)
        return 1


def _use_one_thread_for_small_matrices() -> None:
    """Leave the linear algebra library one thread, unless the environment says how many.

    The matrices of a multilevel model are small: a second thread gains nothing on an idle machine,
    and waiting for it makes a fit several times slower on a busy one.
    """
    if not {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"} & os.environ.keys():
        os.environ["OPENBLAS_NUM_THREADS"] = "1"


def _run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if options.smcl:
        parser.error("option -s (--smcl) not yet supported: logs are plain text")
    if options.print_config:
        from statalike.shell.configuration import DEFAULT_FILE

        print(DEFAULT_FILE, end="")
        return 0
    words: list[str] = options.words
    if words[:1] == ["--"]:
        words = words[1:]
    if options.execute and words:
        parser.error("commands (-e) and a do-file exclude each other")
    at_prompt = sys.stdin is not None and sys.stdin.isatty()
    if not options.execute and not words and at_prompt and not options.batch:
        return _interact(parser, options)
    log_name, job = _job(parser, words, options.execute)
    from statalike.shell.batch import run_job

    return run_job(
        job,
        colour=options.color or _configuration(parser, options).color,
        log=Path(f"{log_name}.log") if options.batch else None,
        with_profile=not options.no_profile,
        status_file=options.json_status,
    )


def _interact(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    from dataclasses import replace

    configuration = _configuration(parser, options)
    if options.quiet:
        configuration = replace(configuration, banner=False)
    if options.color:
        configuration = replace(configuration, color=options.color)
    from statalike.shell.interactive import interact

    return interact(
        configuration,
        history_file=options.history_file,
        with_profile=not options.no_profile,
        status_file=options.json_status,
    )


def _configuration(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Configuration:
    from statalike.shell.configuration import ConfigurationError, read_configuration
    from statalike.shell.places import config_file

    given: Path | None = options.config
    if given is not None and not given.is_file():
        parser.error(f"{given} not found")
    try:
        return read_configuration(given or config_file())
    except ConfigurationError as problem:
        parser.error(str(problem))


def _job(
    parser: argparse.ArgumentParser, words: list[str], commands: list[str] | None
) -> tuple[str, Job]:
    """What to run, and the name of its log in batch mode without the suffix."""
    from statalike.shell.batch import commands_job, do_file_job, stream_job

    if commands:
        return "statalike", commands_job("\n".join(commands))
    if not words or words == [STANDARD_INPUT]:
        if sys.stdin is None:
            parser.error("there is no standard input")
        return "statalike", stream_job(sys.stdin)
    verb = words[0] if words[0] in ("do", "run") else ""
    given = words[1:] if verb else words
    if not given:
        parser.error(f"{verb} must be followed by the name of a do-file")
    return Path(given[0]).stem, do_file_job(given[0], given[1:], shown=verb != "run")
