"""nginx in front of a static DICOMweb tree, with the configuration that lies in the tree."""
import os
import shutil
import subprocess
import time

import peers

BINARY = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

MAIN = """%s worker_processes 1; daemon off; pid nginx.pid; error_log stderr crit; events { }
http { access_log off; client_body_temp_path tmp/b; proxy_temp_path tmp/p; fastcgi_temp_path tmp/f;
  uwsgi_temp_path tmp/u; scgi_temp_path tmp/s;
%s}
"""


class Nginx:
    """A child on a free port. Its server is the tree's nginx.conf; with `site` (directives of a server block) it is one
    of its own that takes the tree's locations."""

    def __init__(self, folder, tree, site=None):
        self.port = peers.free_port()
        self.root = "http://127.0.0.1:%d/dicom-web" % self.port
        os.makedirs(os.path.join(folder, "tmp"))
        if site:
            server = 'server { listen 127.0.0.1:%d; %s include "%s/nginx-locations.conf"; }\n' % (self.port, site, tree)
        else:
            with open(os.path.join(tree, "nginx.conf"), encoding="utf-8") as file:
                server = file.read().replace("127.0.0.1:8080;", "127.0.0.1:%d;" % self.port)
        config = os.path.join(folder, "main.conf")
        with open(config, "w", encoding="utf-8") as file:
            # Workers of root's nginx are nobody, who cannot look into scratch folders.
            file.write(MAIN % ("user root;" if os.getuid() == 0 else "", server))
        self.child = subprocess.Popen([BINARY, "-p", folder, "-c", config], stdin=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                peers.request(self.port, "GET", "/dicom-web/studies")
                return
            except OSError:
                time.sleep(0.02)
        peers.stop(self.child)
        raise RuntimeError("nginx does not answer")

    def stop(self):
        peers.stop(self.child)
