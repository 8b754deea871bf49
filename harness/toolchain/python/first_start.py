"""Finishes a new virtual environment: builds LocalStack's service catalogue, then starts LocalStack once and uses it.

An installer compiles either nothing (uv) or everything (pip, most of a minute). Here Python compiles what a start and an
AWS command import, and keeps it beside the sources, so that no later start pays for it. A virtual environment in which
LocalStack does not serve is never declared finished.

Run by the environment's own Python. Uses loopback only, and leaves nothing outside the environment.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

BUDGET_S = 300

# LocalStack 4.13 keeps the folders of its buckets in /tmp/localstack-s3-storage, and no setting moves them.
SERVER = """
import os, runpy
import localstack.services.s3.provider as provider
provider.DEFAULT_S3_TMP_DIR = os.environ["S3_STORAGE"]
runpy.run_module("localstack.runtime.main", run_name="__main__")
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def build_catalogue(root, env):
    """The index of every AWS operation costs each start five seconds of processor time unless it is built ahead."""
    kept = os.path.join(sys.prefix, "localstack-static")
    built = os.path.join(root, "usr", "lib", "localstack")
    os.makedirs(built)
    subprocess.run([sys.executable, "-m", "localstack.aws.spec"], env=env, check=True)
    # Below the environment, so that the rename stays on one file system.
    os.rename(built, kept)
    os.symlink(kept, built)


def await_answer(server, endpoint, log_path):
    deadline = time.monotonic() + BUDGET_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            return opener.open(endpoint + "/_localstack/health", timeout=10).read()
        except OSError as error:
            last_seen = error
        if server.poll() is not None or time.monotonic() > deadline:
            with open(log_path, encoding="utf8", errors="replace") as log:
                sys.exit(f"LocalStack did not answer ({last_seen}). Its last lines: {log.read()[-2000:]}")
        time.sleep(0.1)


def use(endpoint, env):
    """Loads each service that the harness uses, and the AWS command line."""
    import botocore.session

    session = botocore.session.get_session()

    def client(service):
        return session.create_client(
            service,
            region_name="us-west-2",
            endpoint_url=endpoint,
            aws_access_key_id="first",
            aws_secret_access_key="start",
        )

    client("s3").create_bucket(Bucket="first", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    client("sts").get_caller_identity()
    client("iam").list_users()
    client("route53").list_hosted_zones()
    aws = [sys.executable, os.path.join(sys.prefix, "bin", "aws")]
    for arguments in (["s3", "cp", __file__, "s3://first/"], ["s3api", "list-object-versions", "--bucket", "first"]):
        subprocess.run(aws + arguments, env=env, check=True, stdout=subprocess.DEVNULL)


def first_start(root):
    # Nothing of the user's AWS or proxy settings may reach the two.
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    env = {
        **os.environ,
        "HOME": root,
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_HOST": f"127.0.0.1:{port}",
        "FILESYSTEM_ROOT": root,
        "S3_STORAGE": os.path.join(root, "objects"),
        "OVERRIDE_IN_DOCKER": "0",
        "SERVICES": "s3,sts,iam,route53",
        "STRICT_SERVICE_LOADING": "1",
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "first",
        "AWS_SECRET_ACCESS_KEY": "start",
    }
    build_catalogue(root, env)
    log_path = os.path.join(root, "log")
    with open(log_path, "wb") as log:
        server = subprocess.Popen([sys.executable, "-c", SERVER], env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        await_answer(server, endpoint, log_path)
        use(endpoint, env)
    finally:
        server.kill()
        server.wait()


sys.dont_write_bytecode = False
with tempfile.TemporaryDirectory(dir=sys.prefix, prefix="first-start-") as folder:
    first_start(folder)
