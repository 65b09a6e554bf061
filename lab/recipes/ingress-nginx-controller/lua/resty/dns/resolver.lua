-- Debian ships the resolver under another name: https://packages.debian.org/trixie/lua-nginx-dns
return require("nginx.dns.resolver")
