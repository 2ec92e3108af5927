"""glewlwyd, an authorization server in C that cannot exchange tokens:
    python3 glewlwyd.py <port> <folder> <resource>…
It is set up by its own API, a person signs in and consents, and one line of JSON says the
issuer and an access token of hers for each resource. It runs until it is told to end."""
import base64, gzip, hashlib, http.cookiejar, json, pathlib, secrets, signal, sqlite3, subprocess, sys, time
import urllib.error, urllib.parse, urllib.request

port, folder, resources = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
api = f"http://127.0.0.1:{port}/api"
redirect_uri = "http://127.0.0.1:9/callback"

def shipped(name):
    files = subprocess.run(["dpkg", "-L", "glewlwyd", "glewlwyd-common"], capture_output=True, text=True).stdout
    return gzip.open(next(line for line in files.splitlines() if line.endswith(name)), "rt").read()

database = folder / "glewlwyd.db"
sqlite3.connect(database).executescript(shipped("/database/init.sqlite3.sql.gz"))
settings = shipped("/glewlwyd.conf.sample.gz")
for old, new in [
    ("port=4593", f"port={port}"), ('#bind_address="127.0.0.1"', 'bind_address="127.0.0.1"'),
    ("cookie_secure=1", "cookie_secure=false"), ('cookie_domain="localhost"', 'cookie_domain="127.0.0.1"'),
    ('external_url="http://localhost:4593"', f'external_url="http://127.0.0.1:{port}"'),
    ("/var/cache/glewlwyd/glewlwyd.db", str(database)),
]:
    assert old in settings, old
    settings = settings.replace(old, new)
(folder / "glewlwyd.conf").write_text(settings)

def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout

key = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
(folder / "key.pem").write_text(key)
public = openssl("ec", "-in", str(folder / "key.pem"), "-pubout")
server = subprocess.Popen(["glewlwyd", f"--config-file={folder}/glewlwyd.conf"], stdout=sys.stderr, stderr=sys.stderr)

class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None

class Browser:
    def __init__(self):
        policy = http.cookiejar.DefaultCookiePolicy(strict_domain=False)
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy))
        self.opener = urllib.request.build_opener(Stay, jar)

    def ask(self, method, path, document=None, form=None):
        data, headers = None, {}
        if document is not None:
            data, headers = json.dumps(document).encode(), {"content-type": "application/json"}
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(api + path, data=data, headers=headers, method=method)
        try:
            answer = self.opener.open(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.headers, answer.read().decode()

def done(answer):
    assert answer[0] in (200, 302), answer
    return answer

def set_up():
    admin = Browser()
    done(admin.ask("POST", "/auth/", {"username": "admin", "password": "password"}))
    done(admin.ask("POST", "/mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "oidc", "parameters": {
        "iss": f"{api}/oidc", "jwt-type": "ecdsa", "jwt-key-size": "256", "key": key, "cert": public, "default-kid": "one",
        "access-token-duration": 300, "refresh-token-duration": 600, "code-duration": 60, "allow-non-oidc": True,
        "auth-type-code-enabled": True, "auth-type-refresh-enabled": True, "pkce-allowed": True, "pkce-required": True,
        "jwks-show": True, "oauth-as-iss-id": True, "resource-allowed": True,
        "resource-scope": {"records_read": resources}, "resource-scope-and-client-property": False}}))
    done(admin.ask("POST", "/scope/", {"name": "records_read", "display_name": "read", "password_required": True, "scheme": {}}))
    done(admin.ask("POST", "/user/", {"username": "alice", "password": "password", "name": "Alice", "enabled": True,
                                      "scope": ["records_read", "g_profile"]}))
    done(admin.ask("POST", "/client/", {"client_id": "agent", "name": "agent", "confidential": False, "enabled": True,
                                        "authorization_type": ["code", "refresh_token"], "redirect_uri": [redirect_uri],
                                        "token_endpoint_auth_method": ["none"]}))

def sign_in(resource):
    person, verifier = Browser(), secrets.token_urlsafe(48)
    done(person.ask("POST", "/auth/", {"username": "alice", "password": "password"}))
    done(person.ask("PUT", "/auth/grant/agent/", {"scope": "records_read"}))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {"response_type": "code", "client_id": "agent", "redirect_uri": redirect_uri, "scope": "records_read", "state": "s",
             "code_challenge": challenge, "code_challenge_method": "S256", "resource": resource, "g_continue": ""}
    location = done(person.ask("GET", "/oidc/auth?" + urllib.parse.urlencode(query)))[1]["location"]
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(location).query))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "client_id": "agent",
            "code_verifier": verifier, "resource": resource}
    return json.loads(done(person.ask("POST", "/oidc/token", form=form))[2])["access_token"]

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/config", timeout=1)
            break
        except OSError:
            time.sleep(0.1)
    set_up()
    exchange = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "x", "subject_token_type": "y"}
    assert Browser().ask("POST", "/oidc/token", form=exchange)[0] == 400, "it exchanges tokens after all"
    tokens = [sign_in(resource) for resource in resources]
    print(json.dumps({"issuer": f"{api}/oidc", "token": tokens[0], "tokens": tokens}), flush=True)
    server.wait()
finally:
    server.terminate()
    server.wait(10)
