"""LocalStack with java functions that are processes of this machine. Its own executor needs Docker.

Each execution environment is a JVM with the function's unzipped code and AWS's runtime interface client on its class
path, and a server that speaks Lambda's runtime API with it. One event at a time, as on Lambda; a JVM that ended, or took
longer than its timeout, is replaced before the next event. Fits LocalStack 4.14.0, whose interface is internal and whose
S3 needs Python 3.13.

JAVA names the JVM, JAVA_RUNTIME its class path for the runtime interface client, FUNCTION_LOGS a folder for outputs,
LOG_COURIER_CLICKHOUSE_PASSWORD what the functions show ClickHouse.
"""

import functools
import json
import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from localstack import config
from localstack.runtime.main import main
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import DockerRuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor
from twisted.internet import endpoints

LOG_TAIL = 4096
PASSWORD = "LOG_COURIER_CLICKHOUSE_PASSWORD"


class Instance:
    """A JVM, and the two things that pass between it and the runtime API: the next event, and what became of it."""

    def __init__(self, command, environment, folder, log):
        self.changed = threading.Condition()
        self.event = None
        self.answer = None
        self.is_ready = False
        self.has_ended = False
        self.api = ThreadingHTTPServer(("127.0.0.1", 0), self._requests())
        self.api.daemon_threads = True
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_address[1]}"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._watch, daemon=True).start()

    def wait_until_ready(self):
        """Until it asks for its first event. An error at start is the answer."""
        with self.changed:
            self.changed.wait_for(lambda: self.is_ready or self.answer or self.has_ended)
            if not self.is_ready:
                raise LambdaRuntimeException(self.answer[1].decode() if self.answer else self._ended()[1].decode())

    def handle(self, event, seconds):
        """Whether it failed, and the body of the answer; None when that takes too long."""
        with self.changed:
            self.answer = None
            self.event = event
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.answer or self.has_ended, timeout=seconds)
            return self.answer or (self._ended() if self.has_ended else None)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.api.shutdown()
        self.api.server_close()

    def _watch(self):
        self.process.wait()
        with self.changed:
            self.has_ended = True
            self.changed.notify_all()

    def _ended(self):
        status = self.process.returncode
        return True, failure("Runtime.ExitError", f"Runtime exited with status {status}")

    def _requests(self):
        instance = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with instance.changed:
                    instance.is_ready = True
                    instance.changed.notify_all()
                    instance.changed.wait_for(lambda: instance.event or instance.has_ended)
                    if instance.has_ended:
                        return
                    event, instance.event = instance.event, None
                self._answer(200, event["body"], event["headers"])

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(202, b"", {})
                with instance.changed:
                    instance.answer = (not self.path.endswith("/response"), body)
                    instance.changed.notify_all()

            def _answer(self, status, body, headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                """The functions' outputs say what happens."""

        return Requests


class JavaProcess(RuntimeExecutor):
    """One execution environment."""

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.settings = function_version.config
        self.output = Path(os.environ["FUNCTION_LOGS"], f"{function_version.id.function_name}-{id[:8]}.log")
        self.environment = {}
        self.instance = None

    def start(self, env_vars):
        self.environment = {name: str(value) for name, value in env_vars.items()}
        self._start()

    def _start(self):
        code = Path(self.settings.code.get_unzipped_code_location())
        class_path = [str(code), f"{code}/lib/*", os.environ["JAVA_RUNTIME"]]
        with self.output.open("ab") as log:
            self.instance = Instance(
                [
                    os.environ["JAVA"],
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    f"-Xmx{self.settings.memory_size * 3 // 4}m",
                    "-cp",
                    ":".join(class_path),
                    "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
                    self.settings.handler,
                ],
                {**self.environment, PASSWORD: os.environ.get(PASSWORD, ""), "LAMBDA_TASK_ROOT": str(code)},
                code,
                log,
            )
        self.instance.wait_until_ready()

    def stop(self):
        if self.instance:
            self.instance.stop()
            self.instance = None

    def invoke(self, payload):
        if self.instance and self.instance.has_ended:
            self.stop()
        if not self.instance:
            self._start()
        seconds = self.settings.timeout
        event = {
            "body": payload["payload"].encode(),
            "headers": {
                "Lambda-Runtime-Aws-Request-Id": payload["invoke-id"],
                "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
                "Lambda-Runtime-Trace-Id": payload["trace-id"],
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)),
            },
        }
        answer = self.instance.handle(event, seconds)
        if not answer:
            self.stop()
            answer = True, failure("Sandbox.Timedout", f"Task timed out after {seconds} seconds")
        return InvocationResult(payload["invoke-id"], answer[1], is_error=answer[0], logs=self.get_logs()[-LOG_TAIL:])

    def get_logs(self):
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/unused"

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        """Nothing outlives the process."""


def failure(kind, message):
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


if __name__ == "__main__":
    DockerRuntimeExecutorPlugin.load = lambda *_: JavaProcess
    # It would listen on all addresses, whatever it is told.
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")
    main()
