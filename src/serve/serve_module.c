/* web_server.h by its module. An open server exists only where the module was opened. */
#include "serve/serve_module.h"

static const wki_serve_module *module(wk_error *err)
{
    return wki_module_open("serve", err);
}

wk_code wki_web_server_open(const wki_web_server_opts *opts, wki_web_server **out, wk_error *err)
{
    const wki_serve_module *m = module(err);

    return m ? m->open(opts, out, err) : WK_IO;
}

int wki_web_server_port(const wki_web_server *server)
{
    return module(NULL)->port(server);
}

void wki_web_server_close(wki_web_server *server)
{
    if (server)
        module(NULL)->close(server);
}
