"""range_server.py FOLDER PORT_FILE LOG: serve FOLDER on a free port of the loopback address, for test_get.sh.

The first part of the path says how: /good/ with ranges, /halved/ as good but the first answer for a file breaks off
half-way, /broken/ one byte of archive or weights is wrong, /whole/ knows no ranges, /unsaid/ half of the weights and no
length, /cut/ half of any file and no length. The log gets
a line a request: path and range."""
import hashlib
import http.server
import os
import sys

folder, port_file, log = sys.argv[1:]
broken_off = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET(head=True)

    def do_GET(self, head=False):
        _, how, name = self.path.split("/", 2)
        with open(log, "a") as out:
            print(self.command, self.path, self.headers.get("Range", "-"), file=out)
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            return self.send_error(404)
        data = open(path, "rb").read()
        digest = hashlib.sha256(data).hexdigest()
        if how == "broken" and not name.endswith(".json"):
            middle = len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]
        start, asked = 0, self.headers.get("Range")
        if asked and how != "whole":
            start = int(asked.split("=")[1].split("-")[0])
            if start >= len(data):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        body = data[start:]
        unsaid = how == "cut" or (how == "unsaid" and name.endswith(".safetensors"))
        if not unsaid:
            self.send_header("Content-Length", str(len(body)))
        if how in ("good", "broken") and name.endswith(".safetensors"):
            self.send_header("X-Linked-Etag", f'"{digest}"')
        self.end_headers()
        if head:
            return
        if unsaid or (how == "halved" and name not in broken_off):
            broken_off.add(name)
            body = body[:len(body) // 2]
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file + ".new", "w") as out:
    out.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
