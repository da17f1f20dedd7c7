"""Deploys template.yaml to a LocalStack of its own and ticks, or checks what a few ticks do. Started by `up`."""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import boto3

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "log-courier-local"
REGION = "us-east-1"
TARGET = "access-logs"
PATIENCE_SECONDS = 120
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


class Stack:
    """What runs, and clients of it."""

    def __init__(self, folder, port):
        self.folder = folder
        self.closing = contextlib.ExitStack()
        self.endpoint = f"http://127.0.0.1:{port}"
        session = boto3.Session("test", "test", region_name=REGION)
        self.clients = {
            name: session.client(name, endpoint_url=self.endpoint)
            for name in ("s3", "sqs", "lambda", "cloudformation")
        }

    def start(self):
        ready, java = self._start_clickhouse()
        self.clickhouse = ready["clickhouse"]
        self.user, self.password = ready["clickhouseUser"], ready["clickhousePassword"]
        self._start_localstack(java)
        self.clients["s3"].create_bucket(Bucket="code")
        self.clients["s3"].create_bucket(Bucket=TARGET)
        self._deploy()

    def _start_clickhouse(self):
        courier = self._process(
            [ROOT / "courier", "up", "--only", "clickhouse", "--json", "--clickhouse-port", "0"],
            stdout=subprocess.PIPE,
            stderr=self._log("clickhouse"),
        )
        ready = json.loads(courier.stdout.readline() or fail(f"ClickHouse did not start: see {self.folder}"))
        # The JDK that ./courier found is good for the functions too.
        return ready, os.readlink(f"/proc/{courier.pid}/exe")

    def _start_localstack(self, java):
        host = self.endpoint.removeprefix("http://")
        output = self._log("localstack")
        localstack = self._process(
            [sys.executable, ROOT / "localstack/host/java_processes.py"],
            env={
                **os.environ,
                "GATEWAY_LISTEN": host,
                "LOCALSTACK_HOST": host,
                "SQS_ENDPOINT_STRATEGY": "path",
                "SERVICES": "apigateway,cloudformation,cloudwatch,iam,lambda,logs,s3,scheduler,sqs,ssm,sts",
                "FILESYSTEM_ROOT": str(self.folder / "localstack"),
                "DISABLE_EVENTS": "1",
                "SKIP_SSL_CERT_DOWNLOAD": "1",
                "DNS_ADDRESS": "0",
                "JAVA": java,
                # For the functions. The template takes passwords from Secrets Manager only.
                "LOG_COURIER_CLICKHOUSE_PASSWORD": self.password,
                "JAVA_RUNTIME": ":".join(str(jar) for jar in runtime_interface_client()),
                "FUNCTION_LOGS": str(self.folder),
            },
            stdout=output,
            stderr=output,
        )
        health = f"{self.endpoint}/_localstack/health"
        wait_until("LocalStack answers", lambda: localstack.poll() is not None or answers(health))
        if localstack.poll() is not None:
            fail(f"LocalStack ended: see {output.name}")

    def _deploy(self):
        parameters = {
            "ClickHouseUrl": self.clickhouse,
            "ClickHouseUser": self.user,
            "TargetBuckets": TARGET,
            "S3Endpoint": self.endpoint,
            "SqsEndpoint": self.endpoint,
            "StsEndpoint": self.endpoint,
            "ScheduleState": "DISABLED",
        }
        subprocess.run(
            ["sam", "deploy", "--config-env", "local", "--stack-name", STACK, "--region", REGION]
            + ["--no-progressbar", "--parameter-overrides"]
            + [f"{name}={value}" for name, value in parameters.items()],
            cwd=ROOT,
            env={**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint, "SAM_CLI_TELEMETRY": "0"},
            stdout=self._log("deploy"),
            check=True,
        )
        described = self.clients["cloudformation"].describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def invoke(self, function, event):
        answer = self.clients["lambda"].invoke(FunctionName=self.outputs[function], Payload=event)
        body = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            fail(f"{function} failed: {body}")
        return json.loads(body)

    def objects(self):
        return self.clients["s3"].list_objects_v2(Bucket=TARGET).get("Contents", [])

    def waiting(self, queue):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.clients["sqs"].get_queue_attributes(QueueUrl=self.outputs[queue], AttributeNames=names)
        return sum(int(attributes["Attributes"][name]) for name in names)

    def metric(self, name):
        """The sum of a metric over all that the functions wrote."""
        lines = [line for log in self.folder.glob(f"{STACK}-*.log") for line in log.read_text().splitlines()]
        metrics = [json.loads(line) for line in lines if line.startswith('{"_aws"')]
        return sum(metric.get(name, 0) for metric in metrics)

    def _log(self, name):
        return self.closing.enter_context(open(self.folder / f"{name}.log", "ab"))

    def _process(self, command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
        self.closing.callback(stop, process)
        return process


def stop(process):
    """LocalStack does not always end when asked to, and its functions are in its group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def runtime_interface_client():
    """What Lambda's own image has and the zips do not bring."""
    folder = ROOT / "localstack/target/lib"
    return [*folder.glob("aws-lambda-java-*.jar"), *folder.glob("utils-lite-*.jar")]


def check(stack):
    """Each count that differs ends this."""
    rows = (ROOT / "docs/access.ndjson").read_bytes()
    total, buckets = count(rows)
    insert = urllib.parse.quote("INSERT INTO logs.access_logs_ingest FORMAT JSONEachRow")
    keys = {"X-ClickHouse-User": stack.user, "X-ClickHouse-Key": stack.password}
    urllib.request.urlopen(urllib.request.Request(f"{stack.clickhouse}/?query={insert}", rows, keys)).close()

    first = stack.invoke("DiscoveryFunction", event("tick.json"))
    expect("rows claimed by the first tick", first["rows"], total)
    second = stack.invoke("DiscoveryFunction", event("tick-flush.json"))
    expect("orders of the second, which flushes", second["orders"], buckets)
    wait_until("all objects are there", lambda: len(stack.objects()) >= buckets)
    bodies = [stack.clients["s3"].get_object(Bucket=TARGET, Key=log["Key"])["Body"].read() for log in stack.objects()]
    expect("objects", len(bodies), buckets)
    expect("lines in them", sum(body.count(b"\n") for body in bodies), total)
    expect("dead letters so far", stack.waiting("OrderDeadLettersUrl"), 0)

    unknown = json.loads(event("work-order-unknown.json"))["Records"][1]["body"]
    broken = json.loads(event("work-order-broken.json"))["Records"][0]["body"]
    stack.clients["sqs"].send_message_batch(
        QueueUrl=stack.outputs["OrderQueueUrl"],
        Entries=[{"Id": "unknown", "MessageBody": unknown}, {"Id": "broken", "MessageBody": broken}],
    )
    wait_until("a message has failed", lambda: stack.metric("MessagesFailed") > 0)
    wait_until("a dead letter is there", lambda: stack.waiting("OrderDeadLettersUrl") > 0)
    expect("dead letters after a broken message", stack.waiting("OrderDeadLettersUrl"), 1)
    expect("messages that came back alone", stack.waiting("OrderQueueUrl"), 1)

    audit = stack.invoke("OperationsFunction", "{}")
    expect("differences in the audit", audit["differences"], 0)
    expect("rows delivered, says the audit", audit["balance"]["delivered"], total)
    expect("rows delivered, say the metrics", stack.metric("RowsDelivered"), total)


def count(rows):
    records = [json.loads(line) for line in rows.splitlines()]
    return len(records), len({record["bucketName"] for record in records})


def event(name):
    return (ROOT / "events" / name).read_text()


def expect(what, found, expected):
    print(f"{what}: {found}", flush=True)
    if found != expected:
        fail(f"{what}: {expected} expected, {found} found")


def wait_until(what, condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            fail(f"waited {PATIENCE_SECONDS} s in vain until {what}")
        time.sleep(0.5)


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=5).close()
        return True
    except OSError:
        return False


def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def fail(why):
    raise SystemExit(f"localstack/host/up: {why}")


def main():
    parser = argparse.ArgumentParser(prog="localstack/host/up", description=__doc__)
    parser.add_argument("--check", action="store_true", help="count what a few ticks do, and end")
    parser.add_argument("--port", type=int, default=4566, help="of LocalStack; --check takes any free one")
    parser.add_argument("--every", type=int, default=60, help="seconds between ticks: LocalStack fires no schedule")
    arguments = parser.parse_args()
    stopped = threading.Event()
    if arguments.check:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    else:
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        signal.signal(signal.SIGINT, lambda *_: stopped.set())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="host-", dir=ROOT / "target"))
    stack = Stack(folder, free_port() if arguments.check else arguments.port)
    with stack.closing:
        print(f"starting; outputs are in {folder}", flush=True)
        stack.start()
        if arguments.check:
            check(stack)
            shutil.rmtree(folder)
            return
        print(f"Ready, on loopback only. Stop with Ctrl-C.\n  AWS         {stack.endpoint}\n  ClickHouse  {stack.clickhouse}")
        print(f"  user        {stack.user}\n  password    {stack.password}")
        print(f"  log objects go to s3://{TARGET}", flush=True)
        while not stopped.is_set():
            try:
                print(json.dumps(stack.invoke("DiscoveryFunction", event("tick.json"))), flush=True)
            except SystemExit as failed:
                print(failed, file=sys.stderr, flush=True)  # The next tick tries again.
            stopped.wait(arguments.every)


main()
