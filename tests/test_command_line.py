"""The command line reads well, says what went wrong, and makes real clips."""

import asyncio
import os
import re
import signal
import socket
import sys
import threading
from asyncio.subprocess import PIPE, Process
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.resources import files
from pathlib import Path

import av
import pytest

from bot.__main__ import main

PHOTO = str(files("bot") / "samples" / "chelsea.jpg")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of whoever runs the suite must not matter."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("VIVANT_", "DISCORD_", "SLACK_")):
            monkeypatch.delenv(name)


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--help"])

    told = capsys.readouterr().out
    assert leaving.value.code == 0
    assert "vivant animate cat.jpg" in told
    for command in ("run", "animate", "demo", "doctor", "admin", "slack-manifest"):
        assert command in told


def test_the_manifest_for_slack_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slack-manifest"]) == 0
    assert "socket_mode_enabled: true" in capsys.readouterr().out

    assert main(["slack-manifest", "--low", "--url", "https://bot.example/"]) == 0
    told = capsys.readouterr().out
    assert 'request_url: "https://bot.example/slack/events"' in told
    assert "channels:history" not in told


def test_a_photo_becomes_a_clip_in_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints the plan, what cannot be done, and where the clip is."""
    prompt = "pan left 1 s, snow, the cat waves its paw"

    status = main(["animate", PHOTO, prompt, "-o", "cat.mp4", "-s", "1"])

    told = capsys.readouterr().out
    assert status == 0
    assert "pan left" in told
    assert "cat waves its paw" in told
    assert "cat.mp4: 1 s of 1280x720" in told
    with av.open(tmp_path / "cat.mp4") as clip:
        assert clip.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in clip.decode(video=0)) == 24


def test_a_photo_is_rendered_here_whatever_service_is_set_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There are no caps, so nothing may be bought."""
    with socket.create_server(("127.0.0.1", 0)) as service:
        address = f"http://127.0.0.1:{service.getsockname()[1]}/v1"
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
        monkeypatch.setenv("VIVANT_DRAFT", "openai/sora-2")
        monkeypatch.setenv("VIVANT_DRAFT_IN", "terminal:here=openai/sora-2")

        assert main(["animate", PHOTO, "-s", "1", "-o", "x.mp4"]) == 0

        service.settimeout(0)
        with pytest.raises(BlockingIOError):
            service.accept()
    assert (tmp_path / "x.mp4").exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("gone.jpg", None, "gone.jpg"),
        ("letter.jpg", b"Dear Ann, this is no picture.", "picture"),
        ("empty.png", b"", "empty"),
    ],
)
def test_what_is_no_picture_is_said_in_a_sentence(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
    content: bytes | None,
    sentence: str,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    status = main(["animate", name])

    told = capsys.readouterr().err
    assert status == 1
    assert sentence in told
    assert "Traceback" not in told
    assert not list(tmp_path.glob("*.mp4"))


def test_a_length_that_cannot_be_made_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["animate", PHOTO, "-s", "1000"]) == 1

    assert "makes clips of 1 to 20 seconds, not 1000." in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["animate", PHOTO, "-s", "1", "-o", "no/such/folder/x.mp4"]) == 1

    assert "No such file or directory" in capsys.readouterr().err


def test_broken_settings_are_all_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("VIVANT_WEB_PORT=no\nVIVANT_KEEP_DAYS=no\n")

    assert main(["run"]) == 69

    told = capsys.readouterr().err
    assert "VIVANT_WEB_PORT=no" in told
    assert "VIVANT_KEEP_DAYS=no" in told


def test_a_taken_port_is_said_with_the_way_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("VIVANT_WEB_PORT", str(other.getsockname()[1]))

        assert main(["run"]) == 69

    told = capsys.readouterr().err
    assert "is taken by another program" in told
    assert "VIVANT_WEB_PORT" in told


def test_the_owner_gives_one_person_their_own_units(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["admin", "quota", "discord:80351", "300"]) == 0
    assert "discord:80351 now has 300" in capsys.readouterr().out

    assert main(["admin", "quota", "somebody", "300"]) == 69
    assert main(["admin", "quota", "discord:80351", "many"]) == 69
    assert main(["admin", "quota", "discord:1", "9" * 30]) == 69
    assert "say “unlimited” instead." in capsys.readouterr().err


def test_a_key_is_shown_once_and_kept_only_as_a_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admin", "key", "create", "montage", "--units", "300"]) == 0
    key, sentence = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"vivant-[\w-]{43}", key)
    assert "api:montage" in sentence

    assert main(["admin", "key", "list"]) == 0
    assert re.fullmatch(r"montage  since \d{4}-\d\d-\d\d\n", capsys.readouterr().out)
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes()
    assert main(["admin", "key", "revoke", "montage"]) == 0
    capsys.readouterr()
    assert main(["admin", "key", "list"]) == 0
    assert "no key" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["create", "Ann's key"],
        ["create", "a" * 41],
        ["create", ""],
        ["create", "two"],
        ["create", "three", "--units", "many"],
        ["create", "four", "--units", "٣"],
        ["revoke", "five"],
    ],
)
def test_a_key_that_cannot_be_is_refused_in_words(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admin", "key", "create", "two"]) == 0

    assert main(["admin", "key", *words]) == 69

    assert capsys.readouterr().err.count("\n") == 1


def test_the_doctor_finds_this_machine_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["doctor"])

    told = capsys.readouterr().out
    for check in ("Python", "disk", "codecs", "database", "renderer"):
        assert check in told
    assert status == 0


async def test_run_says_where_the_page_is_and_stops_when_told(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=tmp_path,
        stdout=PIPE,
        stderr=PIPE,
        env=os.environ
        | {
            "VIVANT_WEB_PORT": "0",
            "DISCORD_TOKEN": "canary-token",
            "DISCORD_API_URL": "http://127.0.0.1:9",  # nobody is there
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "PYTHONUNBUFFERED": "1",
        },
    )
    line = await _line(process)

    process.send_signal(signal.SIGTERM)
    out, err = await process.communicate()

    assert line.startswith("Open http://127.0.0.1:")
    assert process.returncode == 0
    assert b"go on at the next start" in out
    assert b"canary-token" not in out + err
    assert b"Traceback" not in err


async def test_the_owner_needs_not_stop_the_bot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=tmp_path,
        stdout=PIPE,
        stderr=PIPE,
        env=os.environ
        | {
            "VIVANT_WEB_PORT": "0",
            "VIVANT_QUOTA_MOTH_USD": "5",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "PYTHONUNBUFFERED": "1",
        },
    )
    careful = await _line(process)
    while not (line := await _line(process)).startswith("Open"):
        pass
    port = line.split()[1].rpartition(":")[2]
    monkeypatch.setenv("VIVANT_WEB_PORT", port)

    assert "did you mean VIVANT_QUOTA_MONTH_USD?" in careful
    for words in (
        ["admin", "key", "create", "montage"],
        ["admin", "quota", "discord:80351", "300"],
        ["health"],
        ["backup", "x.tar"],
    ):
        assert await asyncio.to_thread(main, words) == 0
    assert "vivant-" in capsys.readouterr().out
    for words in (["run"], ["restore", "x.tar", "--replace"]):
        assert await asyncio.to_thread(main, words) == 69
    process.kill()
    await process.communicate()
    assert await asyncio.to_thread(main, ["restore", "x.tar", "--replace"]) == 0
    assert await asyncio.to_thread(main, ["admin", "key", "list"]) == 0
    assert "montage  since" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["health"]) == 1


def test_health_asks_no_proxy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Docker's client sets one for every container."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with HTTPServer(("127.0.0.1", 0), _Well) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for host in ("127.0.0.1", "0.0.0.0"):
            monkeypatch.setenv("VIVANT_WEB_HOST", host)
            monkeypatch.setenv("VIVANT_WEB_TOKEN", "secret")
            monkeypatch.setenv("VIVANT_WEB_PORT", str(server.server_port))
            assert main(["health"]) == 0
        server.shutdown()
    assert "ok" in capsys.readouterr().out


async def test_a_bot_that_runs_has_no_library_for_pictures_in_memory() -> None:
    """Each takes 10 to 20 MB; workers have them."""
    modules = "bot.commands.run, adapters.discord.supervisor, adapters.slack.app"
    heavy = {"av", "cv2", "numpy", "PIL", "pillow_heif"}
    look = f"import sys, {modules}; print(sorted({heavy} & sys.modules.keys()))"
    asked = await asyncio.create_subprocess_exec(
        sys.executable, "-c", look, stdout=PIPE
    )

    told, _ = await asked.communicate()

    assert told.decode().strip() == "[]"


class _Well(BaseHTTPRequestHandler):
    """A page that is well."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


async def _line(process: Process) -> str:
    assert process.stdout
    return (await process.stdout.readline()).decode()
