/**
 * Prints, as JSON, which TCP ports accept a connection: `python3 -c … '[["10.78.0.1", 1, 65535]]'`, first and last port
 * of each address. It sends bare SYNs, so a port that does not answer costs no wait, and listens until a second after
 * the last. Needs CAP_NET_RAW.
 */
export const SCAN_TCP = `
import ctypes, json, select, socket, struct, sys, time
SOURCE_PORT = 61234
def listen(family, address, scope):
    s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP)
    # Takes answers with both SYN and ACK alone. Over IPv4 the packet begins with the header of IP, whose length varies.
    code = [(0xb1, 0, 0, 0), (0x50, 0, 0, 13)] if family == socket.AF_INET else [(0x30, 0, 0, 13)]
    code += [(0x54, 0, 0, 0x12), (0x15, 0, 1, 0x12), (0x6, 0, 0, 0xffff), (0x6, 0, 0, 0)]
    filters = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *each) for each in code))
    s.setsockopt(socket.SOL_SOCKET, 26, struct.pack('HL', len(code), ctypes.addressof(filters)))
    if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, 7, 16)
    s.connect((address, 0, *scope))
    return s
def probe(s, family, address, first, last):
    head, tail = struct.pack('!H', SOURCE_PORT), struct.pack('!IIBBH', 1, 0, 5 << 4, 2, 1024)
    total = SOURCE_PORT + sum(struct.unpack('!6H', tail))
    if family == socket.AF_INET:
        total += sum(struct.unpack('!4H', socket.inet_aton(s.getsockname()[0]) + socket.inet_aton(address))) + 6 + 20
    for port in range(first, last + 1):
        checksum = total + port
        checksum = (checksum & 0xffff) + (checksum >> 16)
        checksum = (checksum & 0xffff) + (checksum >> 16)
        packet = head + port.to_bytes(2, 'big') + tail + (~checksum & 0xffff).to_bytes(2, 'big') + bytes(2)
        for _ in range(3):
            try: s.send(packet)
            except OSError: continue
            break
places, sockets = json.loads(sys.argv[1]), {}
for address, first, last in places:
    if address in sockets: continue
    family, _, _, _, place = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0]
    try: sockets[address] = (listen(family, place[0], place[2:]), family, place[0])
    except OSError as error: print(address, error, file=sys.stderr)
for address, first, last in places:
    if address in sockets: probe(*sockets[address], first, last)
open_ports, end = set(), time.time() + 1
while (left := end - time.time()) > 0:
    for s in select.select([s for s, _, _ in sockets.values()], [], [], left)[0]:
        answer = s.recv(2048)
        if s.family == socket.AF_INET: answer = answer[(answer[0] & 15) * 4:]
        if struct.unpack('!H', answer[2:4])[0] != SOURCE_PORT: continue
        address = next(address for address, each in sockets.items() if each[0] is s)
        open_ports.add((address, struct.unpack('!H', answer[:2])[0]))
print(json.dumps(sorted(map(list, open_ports))))
`;

/** Every TCP port of each address, in SCAN_TCP's form. */
export function everyPort(addresses: readonly string[]): readonly (readonly [string, number, number])[] {
  return [...new Set(addresses)].map((address) => [address, 1, 65_535]);
}

/** Prints, as JSON, which addresses and UDP ports answer a datagram: `python3 -c … '[["10.78.0.1", 53]]'`. */
export const SCAN_UDP = `
import json, select, socket, sys
query = bytes.fromhex('123401000001000000000000') + b'\\x03api\\x03dev\\x07gstacks\\x00\\x00\\x01\\x00\\x01'
asked, answered = {}, []
for address, port in json.loads(sys.argv[1]):
    info = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
    s = socket.socket(info[0], socket.SOCK_DGRAM)
    try:
        s.connect(info[4])
        s.send(query)
        asked[s] = [address, port]
    except OSError:
        pass
for _ in range(10):
    for s in select.select(list(asked), [], [], 0.2)[0]:
        try:
            s.recv(512)
            answered.append(asked[s])
        except OSError:
            pass
        del asked[s]
print(json.dumps(sorted(answered)))
`;

/** Echoes on a port, TCP and UDP, on every address of both families: `python3 -c … port`. */
export const ECHO = `
import socket, sys, threading
port = int(sys.argv[1])
def tcp():
    s = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True)
    print('listening', flush=True)
    while True:
        c, _ = s.accept()
        c.sendall(b'host')
        c.close()
threading.Thread(target=tcp).start()
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
u.bind(('::', port))
while True:
    data, who = u.recvfrom(512)
    u.sendto(data, who)
`;

/**
 * Sends frames with forged addresses, and prints how many bytes came back: `python3 -c … device own-mac claimed-mac
 * claimed-address gateway-mac gateway`. It sends a DNS query and a SYN from the claimed addresses, and ARP answers and
 * IPv6 neighbour messages that claim that address, and the gateway's, for the sender.
 */
export const SPOOF = `
import select, socket, struct, sys, time
device, own_mac, mac, address, gateway_mac, gateway = sys.argv[1:7]
raw = lambda text: bytes.fromhex(text.replace(':', ''))
ip = socket.inet_aton
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
s.bind((device, 0))
def checksum(data):
    if len(data) % 2: data += b'\\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
def packet(source_mac, protocol, payload):
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, ip(address), ip(gateway))
    head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
    return raw(gateway_mac) + raw(source_mac) + b'\\x08\\x00' + head + payload
def arp(target_mac, sender_mac, sender, target, operation):
    body = struct.pack('!HHBBH', 1, 0x0800, 6, 4, operation) + raw(sender_mac) + ip(sender) + raw(target_mac) + ip(target)
    return raw(target_mac) + raw(own_mac) + b'\\x08\\x06' + body
def link_local(of_mac):
    m = raw(of_mac)
    return b'\\xfe\\x80' + b'\\0' * 6 + bytes([m[0] ^ 2]) + m[1:3] + b'\\xff\\xfe' + m[3:]
def neighbour(target_mac, kind, source, target, option):
    # RFC 4861: a solicitation (135) with the sender's hardware address, or an advertisement (136) that overrides.
    destination = link_local(gateway_mac)
    body = struct.pack('!BBHI', kind, 0, 0, 0x20000000 if kind == 136 else 0) + target + bytes([option, 1]) + raw(own_mac)
    head = source + destination + struct.pack('!II', len(body), 58)
    body = body[:2] + struct.pack('!H', checksum(head + body)) + body[4:]
    packet6 = struct.pack('!IHBB', 6 << 28, len(body), 58, 255) + source + destination + body
    return raw(target_mac) + raw(own_mac) + b'\\x86\\xdd' + packet6
query = bytes.fromhex('123401000001000000000000') + b'\\x03api\\x03dev\\x07gstacks\\x00\\x00\\x01\\x00\\x01'
udp = struct.pack('!HHHH', 5353, 53, 8 + len(query), 0) + query
pseudo = lambda payload: ip(address) + ip(gateway) + struct.pack('!BBH', 0, 6, len(payload))
tcp = struct.pack('!HHIIBBHHH', 6000, 53, 1, 0, 5 << 4, 2, 1024, 0, 0)
tcp = tcp[:16] + struct.pack('!H', checksum(pseudo(tcp) + tcp)) + tcp[18:]
seen = 0
for _ in range(5):
    for source in (own_mac, mac):
        s.send(packet(source, 17, udp))
        s.send(packet(source, 6, tcp))
    s.send(arp(gateway_mac, own_mac, address, gateway, 2))
    s.send(arp('ff:ff:ff:ff:ff:ff', own_mac, address, address, 1))
    s.send(arp('ff:ff:ff:ff:ff:ff', own_mac, gateway, gateway, 2))
    s.send(neighbour(gateway_mac, 135, link_local(mac), link_local(gateway_mac), 1))
    s.send(neighbour(gateway_mac, 136, link_local(mac), link_local(mac), 2))
    end = time.time() + 0.2
    while time.time() < end:
        if select.select([s], [], [], 0.05)[0]:
            frame = s.recv(2048)
            if frame[12:14] == b'\\x08\\x00' and frame[30:34] == ip(address): seen += len(frame)
print(seen)
`;
