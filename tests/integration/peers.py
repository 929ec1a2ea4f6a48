"""What the integration tests share: the program under test, servers on free ports, scratch folders.

The environment names what is tested: WADOKIT (the program), WADOKIT_PHANTOM (the phantom maker),
WADOKIT_SANITIZED=1 where memory figures mean nothing. Every server is a child that its test stops.
"""
import base64
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FAKE = os.path.join(os.path.dirname(HERE), "fake")
sys.path[:0] = [FAKE, os.path.join(os.path.dirname(HERE), "support")]
sys.dont_write_bytecode = True
import json_page  # noqa: E402

WADOKIT = os.environ.get("WADOKIT", "wadokit")
PHANTOM = os.environ.get("WADOKIT_PHANTOM", "wadokit_phantom")
SANITIZED = bool(os.environ.get("WADOKIT_SANITIZED"))
MIB = 1 << 20
JSON_OBJECTS = json_page.read()


class Result:
    """exit, out, err (text), seconds, peak (bytes of resident memory, 0 unknown)."""

    def __init__(self, code, out, err, seconds, peak):
        self.exit, self.out, self.err, self.seconds, self.peak = code, out, err, seconds, peak

    def lines(self, kind=None):
        """The JSON Lines of stdout, all or of one type."""
        found = [json.loads(line) for line in self.out.splitlines() if line.strip()]
        return [line for line in found if kind is None or line.get("type") == kind]

    def summary(self):
        return self.lines("summary")[-1]

    def __str__(self):
        return "exit %d after %.1f s\n--- stdout\n%s\n--- stderr\n%s" % (
            self.exit, self.seconds, self.out[-3000:], self.err[-3000:])


def watch_memory(pid, seen):
    """The high-water mark of a process that is running: of the program alone, unlike rusage."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    seen[0] = max(seen[0], int(line.split()[1]) * 1024)
    except (OSError, ValueError):
        pass


def environment(home, extra=None):
    env = {key: value for key, value in os.environ.items()
           if "proxy" not in key.lower() and not key.startswith(("WADOKIT_", "XDG_"))}
    env.update({"HOME": home, "XDG_CONFIG_HOME": os.path.join(home, ".config"), "LC_ALL": "C.UTF-8"})
    env.update(extra or {})
    return env


def start(args, home, env=None, stdin=subprocess.DEVNULL):
    return subprocess.Popen([WADOKIT] + [str(arg) for arg in args], stdin=stdin, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, cwd=home, env=environment(home, env))


def run(args, home, env=None, stdin=None, timeout=120):
    """Runs wadokit to its end; a test fails where it takes longer than `timeout`."""
    began, peak, data = time.monotonic(), [0], {}
    child = start(args, home, env, subprocess.PIPE if stdin is not None else subprocess.DEVNULL)

    def talk():
        data["out"], data["err"] = child.communicate(stdin)

    talker = threading.Thread(target=talk)
    talker.start()
    while talker.is_alive() and time.monotonic() - began < timeout:
        watch_memory(child.pid, peak)
        talker.join(0.01)
    if talker.is_alive():
        child.kill()
        talker.join()
        raise AssertionError("wadokit %s hangs after %d s\n%s" % (
            " ".join(map(str, args)), timeout, data["err"].decode("utf-8", "replace")[-2000:]))
    if "--json" in args:
        hold_json(args, data["out"])
    return Result(child.returncode, data["out"].decode("utf-8", "replace"),
                  data["err"].decode("utf-8", "replace"), time.monotonic() - began, peak[0])


def hold_json(args, out):
    """Each object that is printed is one that wadokit-json(5) documents; pictures and tokens are none."""
    for line in out.splitlines():
        try:
            found = json.loads(line) if line.startswith(b'{"type":') else None
        except ValueError:
            continue
        why = json_page.hold(JSON_OBJECTS, found, json_page.command_of(args, JSON_OBJECTS))[1] if found else None
        if why:
            raise AssertionError("wadokit-json(5): %s\n%s" % (why, line.decode("utf-8", "replace")))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stop(child):
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            stream.close()


def request(port, method, path, body=None, headers=None, connection=None):
    own = None if connection else http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection = connection or own
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    body = answer.read()
    if own:
        own.close()
    return answer.status, body


class Peer:
    """tests/fake/server.py as a child."""

    def __init__(self, *args):
        self.child = subprocess.Popen([sys.executable, os.path.join(FAKE, "server.py")] + list(args),
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ports = json.loads(self.child.stdout.readline())
        self.main = "http://127.0.0.1:%d" % self.ports["main"]
        self.foreign = "http://127.0.0.1:%d" % self.ports["foreign"]

    def control(self, **settings):
        """Changes settings; the log and the counters start anew."""
        status, body = request(self.ports["main"], "PUT", "/__control", json.dumps(settings))
        assert status == 200, body

    def requests(self):
        return json.loads(request(self.ports["main"], "GET", "/__requests")[1])

    def stop(self):
        stop(self.child)


class Server:
    """A server in a thread: `answer(request)` gives (status, headers, body), where headers are a dict or a list
    of pairs and the body bytes or what goes into JSON; or None, which closes the connection.
    A request has method, path, query (as text), headers, body and `handler`, http.server's own."""

    def __init__(self, answer, tls=None):
        outer = self
        self.answer, self.log = answer, []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            log_message = staticmethod(lambda *args: None)

            def do(self):
                outer.serve(self)

            do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_CONNECT = do

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *args: None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.port)
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self, handler):
        got = types.SimpleNamespace(method=handler.command, headers=handler.headers, handler=handler)
        got.path, _, got.query = handler.path.partition("?")
        got.body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.log.append(got)
        answer = self.answer(got)
        if answer is None:
            handler.close_connection = True
            return
        status, headers, body = answer
        headers = list(headers.items() if isinstance(headers, dict) else headers)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
            headers.append(("Content-Length", str(len(body))))
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


class Orthanc:
    """Orthanc with its DICOMweb plugin on a free port, its data in `folder`."""

    binary = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")

    def __init__(self, folder, users=None):
        self.port = free_port()
        self.root = "http://127.0.0.1:%d/dicom-web" % self.port
        self.auth = {}
        if users:
            name, password = next(iter(users.items()))
            token = base64.b64encode(("%s:%s" % (name, password)).encode()).decode()
            self.auth = {"Authorization": "Basic " + token}
        config = {"Name": "peer", "StorageDirectory": "db", "IndexDirectory": "db", "Plugins": [plugin()],
                  "HttpPort": self.port, "RemoteAccessAllowed": False, "DicomServerEnabled": False,
                  "AuthenticationEnabled": bool(users), "RegisteredUsers": users or {},
                  "OverwriteInstances": True, "StableAge": 1, "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}}
        path = os.path.join(folder, "orthanc.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.log = open(os.path.join(folder, "orthanc.log"), "wb")
        self.child = subprocess.Popen([self.binary, path], stdin=subprocess.DEVNULL, stdout=self.log,
                                      stderr=subprocess.STDOUT)
        self.wait()

    def wait(self):
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if self.child.poll() is not None:
                raise RuntimeError("Orthanc ended with %d" % self.child.returncode)
            try:
                if self.get("/system")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("Orthanc does not answer")

    def get(self, path):
        return request(self.port, "GET", path, None, self.auth)

    def load(self, folder):
        """Sends all files below a folder; the number of them."""
        count = 0
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for where, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(where, name), "rb") as file:
                    data = file.read()
                status, body = request(self.port, "POST", "/instances", data, self.auth, connection)
                assert status == 200, body
                count += 1
        return count

    def stored(self):
        """{SOP Instance UID: Orthanc's id}"""
        answer = json.loads(self.get("/instances?expand")[1])
        return {one["MainDicomTags"]["SOPInstanceUID"]: one["ID"] for one in answer}

    def file(self, key):
        return self.get("/instances/%s/file" % key)[1]

    def stop(self):
        stop(self.child)
        self.log.close()


def plugin():
    listing = subprocess.run(["dpkg", "-L", "orthanc-dicomweb"], capture_output=True, text=True, check=False)
    for line in listing.stdout.splitlines():
        if "libOrthancDicomWeb.so." in line:
            return line
    return None


def needs_orthanc():
    """A decorator: skips where Orthanc or its plugin is not installed."""
    there = Orthanc.binary and shutil.which("dpkg") and plugin()
    return unittest.skipUnless(there, "orthanc and orthanc-dicomweb are not installed")


class Counter:
    """A TCP relay to a port on loopback that counts the bytes coming back."""

    def __init__(self, target):
        self.target = target
        self.received = 0
        self.lock = threading.Lock()
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            threading.Thread(target=self.relay, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self.relay, args=(far, near, True), daemon=True).start()

    def relay(self, source, sink, count):
        try:
            while data := source.recv(1 << 16):
                if count:
                    with self.lock:
                        self.received += len(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.listener.close()


def make_phantom(folder, *args):
    subprocess.run([PHANTOM, "-o", folder] + list(args), check=True)


class Case(unittest.TestCase):
    """A test with a scratch folder `self.home`, whose `out` is where wadokit writes."""

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="wadokit-test-")
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.out = os.path.join(self.home, "out")

    def serve(self, answer, tls=None):
        server = Server(answer, tls)
        self.addCleanup(server.stop)
        return server

    def run_wadokit(self, *args, **keywords):
        return run(args, self.home, **keywords)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def assert_exit(self, result, *allowed):
        self.assertIn(result.exit, allowed, str(result))

    def dcm_files(self, folder=None):
        """{SOP Instance UID of the name: path} of all .dcm files"""
        found = {}
        for where, _, names in os.walk(folder or self.out):
            for name in names:
                if name.endswith(".dcm"):
                    found[name[:-4]] = os.path.join(where, name)
        return found


def main():
    """unittest's main with a count as its last line; exit status 77 where everything was skipped."""
    result = unittest.main(module="__main__", exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    for _, why in result.skipped:
        print("skipped: " + why)
    print("%d passed, %d failed" % (max(0, result.testsRun - len(result.skipped) - failed), failed), flush=True)
    if result.skipped and len(result.skipped) >= result.testsRun:
        sys.exit(77)
    sys.exit(0 if result.wasSuccessful() else 1)
