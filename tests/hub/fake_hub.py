"""A fake Hugging Face Hub on loopback, using only Python's standard library.

It has two servers: the Hub, and on another port, so another origin, the store to which it redirects
for large files, like the Hub's CDN. Repositories are kept in memory. Tests inject faults with
`hub.faults`: functions that see each request first and may answer it.
"""
import base64
import hashlib
import json
import re
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def git_sha1(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Repository:
    def __init__(self, files=None, large=(), gated=False, private=False):
        self.revisions = {}
        self.large = set(large)
        self.gated, self.private = gated, private
        if files is not None:
            self.commit("main", files)

    def commit(self, revision, files):
        content = "".join(f"{path}:{sha256(data)}\n" for path, data in sorted(files.items()))
        commit = hashlib.sha1((revision + content).encode()).hexdigest()
        self.revisions[revision] = self.revisions[commit] = (commit, dict(files))
        return commit

    def head(self, revision="main"):
        return self.revisions[revision][0]

    def files(self, revision="main"):
        return self.revisions[revision][1]

    def is_large(self, path):
        return path in self.large or path.endswith((".safetensors", ".bin", ".parquet"))

    def etag(self, path, data):
        return sha256(data) if self.is_large(path) else git_sha1(data)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length) if length else b""
        self.hub = self.server.hub
        record = (self.server.name, self.command, self.path, dict(self.headers), self.body)
        with self.hub.lock:
            self.hub.requests.append(record)
            faults = list(self.hub.faults)
        for fault in faults:
            if fault(self):
                return
        if self.server.name == "store":
            self.store()
        else:
            self.answer_hub()

    do_GET = do_HEAD = do_POST = do_PUT = do

    # ---------------------------------------------------------------------------- answers ---

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_json(self, value, status=200, headers=()):
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **dict(headers)})

    def answer_error(self, status, code, message):
        self.answer_json({"error": message}, status, {"X-Error-Code": code, "X-Error-Message": message})

    def answer_content(self, data, etag, headers=()):
        """Responds with the data, or with the requested range."""
        headers = {"ETag": f'"{etag}"', "Accept-Ranges": "bytes", **dict(headers)}
        request = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        condition = self.headers.get("If-Range")
        if request and condition in (None, f'"{etag}"'):
            first = int(request[1])
            if first >= len(data):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            return self.answer(206, data[first:], headers)
        return self.answer(200, data, headers)

    def break_after(self, data, sent, etag=None, announced=None):
        """Announces the length of `data`, sends the first bytes and closes the connection."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) if announced is None else announced))
        if etag:
            self.send_header("ETag", f'"{etag}"')
        self.end_headers()
        self.wfile.write(data[:sent])
        self.wfile.flush()
        self.close_connection = True

    # ------------------------------------------------------------------------------- hub ---

    def token(self):
        value = self.headers.get("Authorization")
        return value[len("Bearer "):] if value else None

    def find(self, kind, name):
        """Returns the repository, or None after an error response."""
        old = self.hub.renamed.get((kind, name))
        if old:
            self.answer(307, b"", {"Location": self.path.replace(name, old, 1)})
            return None
        repository = self.hub.repositories.get((kind, name))
        token = self.token()
        if token and token not in self.hub.tokens:
            self.answer_error(401, "", "Invalid credentials in Authorization header")
        elif repository is None or (repository.private and not token):
            if token:
                self.answer_error(404, "RepoNotFound", "Repository not found")
            else:
                self.answer_error(401, "RepoNotFound", "Invalid username or password.")
        else:
            return repository
        return None

    def find_revision(self, repository, revision):
        found = repository.revisions.get(revision)
        if not found:
            self.answer_error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def answer_hub(self):
        path = urlsplit(self.path).path
        routes = (
            (r"/api/(models|datasets)/([^/]+(?:/[^/]+)?)/revision/([^/]+)", self.listing),
            (r"/api/(models|datasets)/([^/]+/[^/]+)/preupload/([^/]+)", self.preupload),
            (r"/api/(models|datasets)/([^/]+/[^/]+)/commit/([^/]+)", self.commit),
            (r"/api/repos/create", self.create),
            (r"/api/whoami-v2", self.whoami),
            (r"/api/validate-yaml", lambda: self.answer_json({"errors": [], "warnings": []})),
            (r"/((?:datasets/)?[^/]+/[^/]+)\.git/info/lfs/objects/batch", self.batch),
            (r"/verify/([0-9a-f]{64})", self.verify),
            (r"/((?:datasets/)?(?:[^/]+/)?[^/]+)/resolve/([^/]+)/(.+)", self.resolve),
        )
        for pattern, function in routes:
            match = re.fullmatch(pattern, path)
            if match:
                return function(*map(unquote, match.groups()))
        return self.answer_error(404, "", "Not Found")

    def listing(self, kind, name, revision):
        repository = self.find(kind, name)
        found = repository and self.find_revision(repository, revision)
        if found:
            commit, files = found
            query = parse_qs(urlsplit(self.path).query)
            facts = self.facts if query.get("blobs", [""])[0].lower() == "true" and not self.hub.plain_listings else lambda *_: {}
            self.answer_json({"id": name, "sha": commit, "siblings": [
                {"rfilename": path} | facts(repository, path, data) for path, data in files.items()]})

    def facts(self, repository, path, data):
        """Size and checksum as `files_metadata=True` of huggingface_hub requests them."""
        if not repository.is_large(path):
            return {"size": len(data), "blobId": git_sha1(data)}
        pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (
            sha256(data).encode(), len(data))
        return {"size": len(data), "blobId": git_sha1(pointer),
                "lfs": {"sha256": sha256(data), "size": len(data), "pointerSize": len(pointer)}}

    def whoami(self):
        if self.token() not in self.hub.tokens:
            return self.answer_error(401, "", "Invalid user token.")
        self.answer_json(self.hub.identity)

    def resolve(self, name, revision, path):
        kind = "datasets" if name.startswith("datasets/") else "models"
        repository = self.find(kind, name.removeprefix("datasets/"))
        found = repository and self.find_revision(repository, revision)
        if not found:
            return
        commit, files = found
        if repository.gated and self.token() not in self.hub.granted:
            return self.answer_error(403 if self.token() else 401, "GatedRepo", "Access to it is restricted.")
        if path not in files:
            return self.answer_error(404, "EntryNotFound", "Entry not found")
        data = files[path]
        headers = {"X-Repo-Commit": commit}
        if not repository.is_large(path):
            return self.answer_content(data, git_sha1(data), headers)
        self.hub.store[sha256(data)] = data
        headers |= {
            "X-Linked-Etag": f'"{sha256(data)}"',
            "X-Linked-Size": str(len(data)),
            "Location": f"{self.hub.store_url}/{sha256(data)}?Signature=secret",
        }
        return self.answer(302, b"", headers)

    # ----------------------------------------------------------------------------- upload ---

    def may_write(self):
        if self.token() in self.hub.tokens:
            return True
        self.answer_error(401, "", "Invalid username or password.")
        return False

    def create(self):
        if not self.may_write():
            return
        request = json.loads(self.body)
        key = (request.get("type", "model") + "s", f"{request.get('organization') or 'me'}/{request['name']}")
        if key in self.hub.repositories:
            return self.answer_error(409, "", "You already created this model repo")
        self.hub.repositories[key] = Repository({".gitattributes": b"* lfs\n"}, private=bool(request.get("private")))
        return self.answer_json({"url": f"{self.hub.url}/{key[1]}", "name": key[1]})

    def preupload(self, kind, name, revision):
        repository = self.may_write() and self.find(kind, name)
        found = repository and self.find_revision(repository, revision)
        if not found:
            return
        answers = []
        for file in json.loads(self.body)["files"]:
            base64.b64decode(file["sample"], validate=True)
            data = found[1].get(file["path"])
            answers.append({
                "path": file["path"],
                "uploadMode": "lfs" if repository.is_large(file["path"]) else "regular",
                "shouldIgnore": file["path"] in self.hub.ignored,
                "oid": repository.etag(file["path"], data) if data is not None else None,
            })
        self.answer_json({"files": answers})

    def batch(self, name):
        kind = "datasets" if name.startswith("datasets/") else "models"
        if not (self.may_write() and self.find(kind, name.removeprefix("datasets/"))):
            return
        request = json.loads(self.body)
        assert request["operation"] == "upload" and request["hash_algo"] == "sha256"
        assert set(request["transfers"]) == {"basic", "multipart"}
        objects = []
        for thing in request["objects"]:
            oid, size = thing["oid"], thing["size"]
            answer = {"oid": oid, "size": size}
            if oid not in self.hub.store:
                upload = {"href": f"{self.hub.store_url}/{oid}?Signature=secret"}
                if self.hub.store_key:
                    upload["header"] = {"X-Store-Key": self.hub.store_key}
                part = self.hub.part_size
                if part and size > part:
                    count = -(-size // part)
                    upload = {"href": f"{self.hub.store_url}/{oid}/complete", "header": {
                        "chunk_size": str(part),
                        **{f"{i:05}": f"{self.hub.store_url}/{oid}/part/{i}?Signature=secret"
                           for i in range(1, count + 1)}}}
                answer["actions"] = {"upload": upload, "verify": {"href": f"{self.hub.url}/verify/{oid}"}}
            objects.append(answer)
        self.answer_json({"transfer": "basic", "objects": objects})

    def verify(self, oid):
        request = json.loads(self.body)
        if self.may_write():
            data = self.hub.store.get(oid)
            good = data is not None and request == {"oid": oid, "size": len(data)}
            self.answer(200 if good else 404)

    def commit(self, kind, name, revision):
        repository = self.may_write() and self.find(kind, name)
        found = repository and self.find_revision(repository, revision)
        if not found:
            return
        assert self.headers["Content-Type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in self.body.decode().splitlines()]
        assert lines[0]["key"] == "header"
        files = dict(found[1])
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"], validate=True)
            else:
                assert line["key"] == "lfsFile" and value["algo"] == "sha256"
                data = self.hub.store.get(value["oid"])
                if data is None or len(data) != value["size"]:
                    return self.answer_error(400, "", "LFS pointer pointed to a file that does not exist")
                files[value["path"]] = data
        self.hub.messages.append(lines[0]["value"]["summary"])
        commit = repository.commit(revision, files)
        self.answer_json({"success": True, "commitOid": commit,
                          "commitUrl": f"{self.hub.url}/{name}/commit/{commit}"})

    # ------------------------------------------------------------------------------ store ---

    def store(self):
        parts = urlsplit(self.path).path.strip("/").split("/")
        oid = parts[0]
        if self.command in ("GET", "HEAD"):
            data = self.hub.store.get(oid)
            # ETags that are not checksums, like those of the Hub's stores.
            return self.answer(404) if data is None else self.answer_content(data, "store-" + oid[:8])
        if self.command == "PUT" and len(parts) == 1:
            if self.headers.get("X-Store-Key") != self.hub.store_key or sha256(self.body) != oid:
                return self.answer(403)
            self.hub.store[oid] = self.body
            return self.answer(200, b"", {"ETag": '"whole"'})
        if self.command == "PUT":
            number = int(parts[2])
            self.hub.parts[oid, number] = self.body
            return self.answer(200, b"", {"ETag": f'"part-{number}"'})
        request = json.loads(self.body)
        numbers = [part["partNumber"] for part in request["parts"]]
        good = request["oid"] == oid and numbers == list(range(1, len(numbers) + 1)) and all(
            part["etag"] == f'"part-{part["partNumber"]}"' for part in request["parts"])
        data = b"".join(self.hub.parts.get((oid, n), b"") for n in numbers)
        if not good or sha256(data) != oid:
            return self.answer(400)
        self.hub.store[oid] = data
        return self.answer_json({})


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError)):  # clients may hang up
            super().handle_error(request, client_address)


class FakeHub:
    def __init__(self, certificate=None, key=None):
        """With a certificate, the Hub itself uses https (its store does not)."""
        self.lock = threading.Lock()
        self.repositories, self.renamed = {}, {}
        self.store, self.parts, self.part_size, self.store_key = {}, {}, 0, None
        self.tokens, self.granted = {"hf_right"}, set()
        self.ignored, self.messages = set(), []
        self.plain_listings = False  # without sizes and checksums, as of a mirror
        # What https://huggingface.co/api/whoami-v2 answers, shortened.
        self.identity = {
            "type": "user", "id": "5e67", "name": "me", "fullname": "Me Myself", "email": "me@example.org",
            "emailVerified": True, "isPro": False, "canPay": False,
            "orgs": [{"type": "org", "id": "6a1", "name": "lab", "fullname": "Lab", "roleInOrg": "write"},
                     {"type": "org", "id": "6a2", "name": "club", "fullname": "Club", "roleInOrg": "read"}],
            "auth": {"type": "access_token", "accessToken": {
                "displayName": "laptop", "role": "write", "createdAt": "2024-01-01T00:00:00.000Z"}}}
        self.requests, self.faults = [], []
        self.servers = [self.start("hub"), self.start("store")]
        self.url, self.store_url = (f"http://127.0.0.1:{server.server_port}" for server in self.servers)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.servers[0].socket = context.wrap_socket(self.servers[0].socket, server_side=True)
            self.url = self.url.replace("http:", "https:")

    def start(self, name):
        server = Server(("127.0.0.1", 0), Handler)
        server.hub, server.name = self, name
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def model(self, name, files, **options):
        repository = self.repositories["models", name] = Repository(files, **options)
        return repository

    def dataset(self, name, files, **options):
        repository = self.repositories["datasets", name] = Repository({"README.md": b"# data\n"}, **options)
        repository.commit("refs/convert/parquet", files)
        return repository

    def seen(self, server=None, method=None, part=""):
        """The requests so far: (server, method, path, headers, body)."""
        with self.lock:
            return [r for r in self.requests
                    if server in (None, r[0]) and method in (None, r[1]) and part in r[2]]

    def once(self, condition, action):
        """The first request for which condition(handler) is true is answered by action(handler)."""
        return self.times(1, condition, action)

    def times(self, count, condition, action):
        left = [count]

        def fault(handler):
            if not condition(handler):
                return False
            with self.lock:
                if left[0] == 0:
                    return False
                left[0] -= 1
            action(handler)
            return True

        self.faults.append(fault)
