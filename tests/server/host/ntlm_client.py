"""A second NTLMv2 implementation, [MS-NLMP] 3.3.2, and the messages of
proto/control.h: what a session would send to oriel-host."""
import hashlib, hmac, os, struct

NLA, PASSWORD, ATTACH, VERDICT, GUEST = 1, 2, 3, 16, 17
OK, REFUSED, NO_MIC, EXPIRED, LIMIT, NO_GUEST, INTERNAL = range(7)
PACKET_MAX = 65536


def md4(data):
    """RFC 1320; hashlib has it only with OpenSSL's legacy provider."""
    rotate = lambda v, n: (v << n | v >> (32 - n)) & 0xffffffff
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    rounds = ((lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
              (lambda x, y, z: x & y | x & z | y & z, 0x5a827999,
               [i % 4 * 4 + i // 4 for i in range(16)], (3, 5, 9, 13)),
              (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1,
               [int(f"{i:04b}"[::-1], 2) for i in range(16)], (3, 9, 11, 15)))
    for at in range(0, len(padded), 64):
        words = struct.unpack_from("<16I", padded, at)
        a, b, c, d = state
        for mix, constant, order, shifts in rounds:
            for i, word in enumerate(order):
                total = a + (mix(b, c, d) & 0xffffffff) + words[word] + constant
                a, b, c, d = d, rotate(total & 0xffffffff, shifts[i % 4]), b, c
        state = [(x + y) & 0xffffffff for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def rc4(key, data):
    s, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) % 256
        s[i], s[j] = s[j], s[i]
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + s[i]) % 256
        s[i], s[j] = s[j], s[i]
        out.append(byte ^ s[(s[i] + s[j]) % 256])
    return bytes(out)


def hmac_md5(key, data):
    return hmac.new(key, data, hashlib.md5).digest()


def ntowf_v2(password, user, domain):
    return hmac_md5(md4(password.encode("utf-16-le")), (user.upper() + domain).encode("utf-16-le"))


def nla(user, password, domain="", with_mic=True):
    """The fields of CONTROL_NLA after user and domain, for a client that knows that password."""
    owf, session_key, server_challenge = ntowf_v2(password, user, domain), os.urandom(16), os.urandom(8)
    temp = struct.pack("<BB6xQ8s4x", 1, 1, 0x01d0000000000000, os.urandom(8)) + bytes(8)
    proof = hmac_md5(owf, server_challenge + temp)
    key = rc4(hmac_md5(owf, proof), session_key)
    negotiate = b"NTLMSSP\0" + struct.pack("<II", 1, 0xe2088297) + bytes(24)
    challenge = b"NTLMSSP\0" + struct.pack("<I8xI8s", 2, 0xe2898215, server_challenge) + bytes(24)
    parts = [b"", proof + temp, domain.encode("utf-16-le"), user.encode("utf-16-le"), b"", key]
    head, payload = b"NTLMSSP\0" + struct.pack("<I", 3), b""
    for part in parts:
        head += struct.pack("<HHI", len(part), len(part), 88 + len(payload))
        payload += part
    messages = negotiate + challenge + head + struct.pack("<I", 0xe2888215) + bytes(24) + payload
    mic = hmac_md5(session_key, messages) if with_mic else bytes(16)
    return proof + key + mic + struct.pack("<H", len(messages)) + messages


def text(value):
    data = value.encode()
    return struct.pack("<H", len(data)) + data


def nla_message(user, password, domain="", with_mic=True):
    return struct.pack("<HH", NLA, 0) + text(user) + text(domain) + nla(user, password, domain, with_mic)


def password_message(user, password, domain=""):
    return struct.pack("<HH", PASSWORD, 0) + text(user) + text(domain) + text(password)


def attach_message(width=1280, height=800, scale=100):
    return struct.pack("<HHIII", ATTACH, 0, width, height, scale)


def take_text(data):
    size = struct.unpack_from("<H", data)[0]
    return data[2:2 + size].decode(), data[2 + size:]


def parse_verdict(packet):
    """(status, NTOWFv2, user)"""
    kind, _, status = struct.unpack_from("<HHI", packet)
    assert kind == VERDICT, kind
    return status, packet[8:24], take_text(packet[24:])[0]


def parse_guest(packet):
    """(status, shared, name, text)"""
    kind, _, status, shared = struct.unpack_from("<HHII", packet)
    assert kind == GUEST, kind
    name, rest = take_text(packet[12:])
    return status, shared, name, take_text(rest)[0]
