"""Apache Kafka on this machine for tests and development: jars by Maven, run by Java, no Docker.

`python tools/kafka/local_kafka.py [--data DIR] [--port P]` runs a broker until Ctrl-C.
"""

import argparse
import asyncio
import base64
import contextlib
import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Self

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "kafka"
HOST = "127.0.0.1"
OLDEST_JAVA = 17
START_LIMIT = 60.0  # seconds
STOP_LIMIT = 30.0
PORT_TRIES = 3
LOOK_EVERY = 0.5

Progress = Callable[[str], None]

# One broker that is its own controller, and a laptop's share of memory. Other defaults that do not
# fit: 50 partitions for each internal topic, three replicas, three seconds until a group forms.
SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "offsets.topic.segment.bytes": "8388608",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "log.segment.bytes": "16777216",
    "log.cleaner.dedupe.buffer.size": "16777216",
    # After a kill -9 the broker is fenced until its old session ends: 4 s instead of 12.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
}

JAVA_OPTIONS: Final = (
    *("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)

# The shell becomes the broker; before, it starts a guard of no parent with the standard input that
# only the owner holds the other end of. A line: the broker was stopped. The end: the owner is gone,
# however it went. Then the broker goes as well, and its temporary folder with it.
BECOME: Final = """
exec 3<&0
( ( exec /bin/sh -c "$1" kafka-guard $$ "$2" <&3 3<&- ) & )
shift 2
exec "$@" </dev/null 3<&-
"""
GUARD: Final = """
read -r _ && exit
[ -n "$2" ] || { kill -TERM "$1"; exit; }
kill -KILL "$1"
for _ in 1 2 3 4 5; do
    rm -rf "$2" 2>/dev/null && exit
    sleep 0.2
done
"""


class KafkaUnavailable(RuntimeError):
    """No Kafka broker can be had on this machine; says what is missing."""


class KafkaFailed(RuntimeError):
    """The broker ended or gave no answer; with the end of its log."""


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class LocalKafka:
    """A broker of its own on free ports of 127.0.0.1; a context manager that starts and stops it.

    Its log lies in `data`, or in a temporary folder that goes with it. It ends with the process
    that started it, however that one ends.
    """

    def __init__(
        self, data: Path | None = None, *, port: int | None = None, progress: Progress = _say
    ) -> None:
        unused = Path(tempfile.gettempdir(), f"wareflow-kafka-{secrets.token_hex(4)}")
        self.data: Path = data.absolute() if data else unused
        self.port: int = port or 0
        self._temporary: bool = data is None
        self._port_is_given: bool = port is not None
        self._controller_port: int = 0
        self._progress: Progress = progress
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id of the broker, if it was started."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the broker's process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start and wait until it answers; again on the same ports after `stop` or `kill`.

        Raises KafkaUnavailable without Java, Maven or the network, KafkaFailed if it ends.
        """
        java = [find_java(), *JAVA_OPTIONS, "-cp", f"{kafka_libs(self._progress)}/*"]
        again = bool(self._cluster_id())
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._start_on_some_port(java)
        except BaseException:
            self.kill() if again else self.stop()  # what it had is kept for the next try
            raise
        return self

    def stop(self) -> None:
        """Stop in good order; the log stays if its folder was given."""
        self._end(signal.SIGTERM)
        if self._temporary:
            shutil.rmtree(self.data, ignore_errors=True)

    def kill(self) -> None:
        """End it like `kill -9`; `start` or `restart` brings it back with what it had."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """In good order when it runs, else after the kill; same folder, same ports."""
        self._end(signal.SIGTERM)
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_on_some_port(self, java: list[str]) -> None:
        free = not self._port_is_given and not self._controller_port
        for left in reversed(range(PORT_TRIES if free else 1)):
            self._choose_ports()
            self._write_properties()
            try:
                self._launch(java)
            except KafkaFailed as failure:
                if not left or "BindException" not in str(failure):
                    raise
                self._controller_port = 0  # somebody was faster: others
            else:
                return

    def _choose_ports(self) -> None:
        if self._controller_port:
            return
        port, self._controller_port = free_ports(2)
        if not self._port_is_given:
            self.port = port

    def _write_properties(self) -> None:
        controller = f"{HOST}:{self._controller_port}"
        listeners = {
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self.data / "logs"),
        }
        lines = [f"{name}={value}\n" for name, value in {**SETTINGS, **listeners}.items()]
        _ = (self.data / "server.properties").write_text("".join(lines))

    def _launch(self, java: list[str]) -> None:
        properties = str(self.data / "server.properties")
        if not self._cluster_id():
            tool = ["kafka.tools.StorageTool", "format", "-t", _new_id(), "-c", properties]
            formatted = subprocess.run([*java, *tool], capture_output=True, text=True, check=False)
            if formatted.returncode:
                raise KafkaFailed(formatted.stderr + formatted.stdout)
        temporary = str(self.data) if self._temporary else ""
        with (self.data / "kafka.log").open("wb") as log:
            self._process = subprocess.Popen[bytes](
                ["/bin/sh", "-c", BECOME, "sh", GUARD, temporary, *java, "kafka.Kafka", properties],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the owner
            )
        try:
            await_answer(self.bootstrap, self._cluster_id(), alive=lambda: self.running)
        except KafkaFailed as failure:
            self.kill()
            words = (self.data / "kafka.log").read_text(errors="replace")[-3000:]
            raise KafkaFailed(f"{failure}: {words}") from None

    def _cluster_id(self) -> str:
        """The id that the folder was formatted with, or nothing."""
        try:
            meta = (self.data / "logs" / "meta.properties").read_text()
        except FileNotFoundError:
            return ""
        return meta.partition("cluster.id=")[2].partition("\n")[0].strip()

    def _end(self, sign: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(sign)
        try:
            _ = process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
        with contextlib.suppress(BrokenPipeError):
            _ = process.communicate(b"stopped\n")


def free_ports(count: int) -> list[int]:
    """So many different ports of 127.0.0.1 that nobody listens on at this moment.

    They lie below those that outgoing connections are given, so that after a crash they are still
    there to be listened on again.
    """
    with contextlib.ExitStack() as stack:
        probes: list[socket.socket] = []
        while len(probes) < count:
            probe = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind((HOST, secrets.choice(range(10_240, 32_768))))
                probes.append(probe)
        return [probe.getsockname()[1] for probe in probes]


def await_answer(
    bootstrap: str, cluster_id: str = "", *, alive: Callable[[], bool] = lambda: True
) -> None:
    """Return when a broker of the cluster (or of any) answers there and is not fenced.

    Raises KafkaFailed as soon as it is not `alive`, and at the start limit.
    """
    deadline = time.monotonic() + START_LIMIT
    while not (_listens(bootstrap) and _takes_part(bootstrap, cluster_id)):
        if not alive():
            raise KafkaFailed("the broker ended")
        if time.monotonic() > deadline:
            raise KafkaFailed(f"no answer from {bootstrap} for {START_LIMIT:.0f} s")
        time.sleep(0.05)


def _listens(bootstrap: str) -> bool:
    host, _, port = bootstrap.split(",", 1)[0].rpartition(":")
    with contextlib.suppress(OSError):
        socket.create_connection((host, int(port)), timeout=2).close()
        return True
    return False


def _takes_part(bootstrap: str, cluster_id: str) -> bool:
    """Asked in an event loop of a thread's own: the caller's may be running."""
    with ThreadPoolExecutor(1) as thread:
        cluster = thread.submit(lambda: asyncio.run(_describe(bootstrap))).result()
    return bool(cluster.get("brokers")) and cluster_id in ("", cluster.get("cluster_id"))


async def _describe(bootstrap: str) -> dict[str, Any]:
    """The cluster's id and its brokers that are not fenced; empty without an answer."""
    errors: Any = import_module("aiokafka.errors")
    admin: Any = import_module("aiokafka.admin").AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=3000
    )
    try:
        await admin.start()
        return await admin.describe_cluster()
    except (errors.KafkaError, OSError, TimeoutError):
        return {}
    finally:
        await admin.close()


def _new_id() -> str:
    """A cluster's id as Kafka writes it: 16 bytes in base64 (not with a dash in front)."""
    return base64.urlsafe_b64encode(b"W" + secrets.token_bytes(15)).decode().rstrip("=")


def find_java() -> str:
    """The `java` of JAVA_HOME or of the path, new enough for Kafka 4."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if java is None:
        raise KafkaUnavailable(f"there is no Java (needed: {OLDEST_JAVA} or newer)")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise KafkaUnavailable(f"{java} is too old (needed: {OLDEST_JAVA} or newer): {told}")
    return java


def kafka_libs(progress: Progress = _say) -> Path:
    """The folder of jars in the project's cache; the first time Maven fetches it (44 MB)."""
    pom, libs = HERE / "pom.xml", CACHE / "libs"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_from = libs / pom.name
        if not made_from.exists() or made_from.read_bytes() != pom.read_bytes():
            progress("Kafka: fetching the broker's jars with Maven, once (44 MB)")
            _fetch(pom, libs)
    return libs


def _fetch(pom: Path, libs: Path) -> None:
    """Have Maven fill a folder aside, and put it in place whole."""
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailable("there is no Maven (`mvn`) to fetch the broker's jars with")
    aside = libs.with_suffix(".new")
    shutil.rmtree(aside, ignore_errors=True)
    copy = ["dependency:copy-dependencies", f"-DoutputDirectory={aside}", "-DincludeScope=runtime"]
    done = subprocess.run(
        [maven, "-B", "-q", "-f", str(pom), *copy], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr)[-1500:]
        raise KafkaUnavailable(f"Maven could not fetch the broker's jars: {said}")
    _ = shutil.copy(pom, aside)
    shutil.rmtree(libs, ignore_errors=True)
    _ = aside.rename(libs)


def keep(kafka: LocalKafka) -> None:
    """Start it again, on the same ports, if its process has ended."""
    if not kafka.running:
        _say("the broker ended: starting it again")
        kafka.kill()  # its guard is told that this was seen
        try:
            _ = kafka.start()
        except KafkaFailed as why:  # the next look tries again
            _say(str(why))


def main() -> None:
    """Run a broker until Ctrl-C; one that crashes is started again."""
    parser = argparse.ArgumentParser(description="Run a Kafka broker on this machine.")
    _ = parser.add_argument("--data", type=Path, help="keep the log there (else it is dropped)")
    _ = parser.add_argument("--port", type=int, help="listen there (else on a free port)")
    chosen = parser.parse_args()
    _ = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with (
            contextlib.suppress(KeyboardInterrupt),
            LocalKafka(chosen.data, port=chosen.port) as kafka,
        ):
            # A KeyboardInterrupt is lost where Python ignores exceptions, as in a destructor.
            asked = list[int]()
            for number in (signal.SIGINT, signal.SIGTERM):
                _ = signal.signal(number, lambda which, _: asked.append(which))
            print(kafka.bootstrap, flush=True)
            while not asked:
                time.sleep(LOOK_EVERY)
                keep(kafka)
    except (KafkaUnavailable, KafkaFailed) as why:
        sys.exit(str(why))
    _say("stopped")


if __name__ == "__main__":
    main()
