"""URLs that an attacker gives for a webhook, and names with what their name servers answer; and good ones."""

from typing import Final

_HOSTS: Final = """
127.0.0.1 127.1 127.0.1 127.255.255.255 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 0177.0.0.1 017700000001
0177.1 127.000.000.001 0 0.0.0.0 00.0.0.0 0x0 10.0.0.1 10.255.255.255 10.1 012.0.0.1 0x0a000001 167772161
172.16.0.1 172.31.255.254 192.168.0.1 192.168.1.254 3232235521 0xc0a80001 0300.0250.0.1 169.254.169.254
169.254.170.2 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 100.64.0.1 100.100.100.200
100.127.255.255 192.0.0.8 192.0.0.170 192.0.2.1 198.51.100.7 203.0.113.9 198.18.0.1 198.19.255.255
192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 [::1] [::] [0:0:0:0:0:0:0:1]
[::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:10.0.0.1] [::ffff:169.254.169.254] [::ffff:0:127.0.0.1]
[::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::10.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::]
[2002:a9fe:a9fe::1] [2002:c0a8:1::1] [2001::7f00:1] [2001:0:4136:e378:8000:63bf:3fff:fdd2] [2001:db8::1]
[3fff::1] [fe80::1] [fe80::1%25eth0] [fe80::1%eth0] [fec0::1] [fc00::1] [fd00:ec2::254] [fd12:3456::1]
[ff02::1] [ff0e::1] [100::1] [5f00::1] [4000::1] [::1 ::1] localhost LOCALHOST localhost.
localhost.localdomain a.localhost router.local metadata.google.internal intranet metadata kubernetes
kubernetes.default.svc.local 1.0.0.127.in-addr.arpa hidden.onion name.invalid name.test 127.0.0.1.
1.2.3.4.5 256.1.1.1 1.2.3 1.2.3.0x10 name.123 name.0x7f -bad.example.org bad-.example.org a..example.org
.example.org example.org. under_score.example.org ①②⑦.⓪.⓪.① ｌｏｃａｌｈｏｓｔ 127。0。0。1
""".split()  # noqa: SIM905 - too many for a line each

_SHAPES: Final = [
    "http://example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org:6379/_PING",
    "dict://example.org:11211/stat",
    "ldap://example.org/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "unix:///var/run/docker.sock",
    "https+unix://example.org/",
    "jar:https://example.org!/",
    "//example.org/",
    "example.org/hook",
    "https:example.org",
    "https:/example.org/",
    "https:///example.org/",
    "https://",
    "https:///",
    "https://?x=1",
    "https://user@example.org/",
    "https://user:password@example.org/",
    "https://example.org@127.0.0.1/",
    "https://127.0.0.1#@example.org/",
    "https://example.org#fragment",
    "https://example.org\\@127.0.0.1/",
    "https:\\\\127.0.0.1/",
    "https://example.org\\.evil.example.com/",
    "https://127.0.0.1\\t.example.org/",
    "https://exam\tple.org/",
    "https://example.org/\nHost: inside",
    "https://example.org/\r\nX-Injected: yes",
    "https://example.org/a b",
    " https://example.org/",
    "https://example.org/\x00",
    "https://example.org/\x7f",
    'https://example.org/"',
    "https://exa%6dple.org/",
    "https://127%2e0%2e0%2e1/",
    "https://example.org:22/",
    "https://example.org:25/",
    "https://example.org:80/",
    "https://example.org:6379/",
    "https://example.org:9092/",
    "https://example.org:27017/",
    "https://example.org:0/",
    "https://example.org:/",
    "https://example.org:-1/",
    "https://example.org:65536/",
    "https://example.org:443x/",
    "https://example.org:443:443/",
    "https://[::1/",
    "https://::1/",
    "https://[example.org]/",
    "https://[v1.fe]/",
    "https://exämple.org/",
    "https://" + "a" * 64 + ".example.org/",
    "https://" + ".".join(["a" * 60] * 5) + ".example.org/",
    "https://example.org/" + "x" * 2_000,
    "",
]

HOSTILE: Final = [f"https://{host}/hook" for host in _HOSTS] + _SHAPES

GOOD: Final = """
https://example.org https://example.org/ https://example.org/hook https://hooks.example.org/townhall
https://example.org:443/hook https://example.org:8443/hook https://example.org/hook?token=a%20b&x=1
https://example.org/a/b/c/ https://example.org/hook;v=1 https://example.org/~city/hook
https://EXAMPLE.org/Hook HTTPS://example.org/hook https://xn--exmple-cua.org/hook
https://xn--e1afmkfd.xn--p1ai/ https://a.io/ https://a.b.c.d.e.example.co.uk/hook
https://1password.com/hook https://3.example.org/ https://127.0.0.1.example.org/ https://10.example.org/
https://localhost.example.org/ https://my-app-1.europe.example.net/webhook https://example.museum/hook
https://hooks.example.com/services/T0/B0/XyZ https://8.8.8.8/hook https://93.184.216.34:8443/hook
https://[2606:4700:4700::1111]/hook https://[2a00:1450:4001:81b::200e]:8443/
https://example.org/hook?url=https://127.0.0.1/ https://example.org/@user https://example.org/%40
https://example.org/a//b https://192-168-0-1.example.org/ https://0x7f.example.org/
""".split()  # noqa: SIM905 - too many for a line each

BLOCKED_ADDRESSES: Final = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254
172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8
64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:808:808::1 3fff::1 5f00::1 fc00::1 fd00::1
fe80::1 fe80::1%lo fec0::1 ff02::1
""".split()  # noqa: SIM905 - too many for a line each
