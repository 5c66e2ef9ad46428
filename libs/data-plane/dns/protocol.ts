/** Numbers of the DNS protocol that this server uses (RFC 1035 sections 3.2 and 4.1.1, RFC 6891). */
export const HEADER_BYTES = 12;
export const MAX_NAME_BYTES = 255;
export const MAX_LABEL_BYTES = 63;
/** Bytes of a record between owner and data: type, class, TTL and length (RFC 1035 section 4.1.3). */
export const RECORD_TAIL_BYTES = 10;
/** A packet size that fits every path unfragmented. This server announces it and sends no more over UDP. */
export const UDP_PAYLOAD_BYTES = 1232;
/** What a client without EDNS accepts over UDP (RFC 1035 section 4.2.1). */
export const PLAIN_UDP_BYTES = 512;

export const CLASS_IN = 1;

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  SVCB: 64,
  HTTPS: 65,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

/** BADVERS (RFC 6891 section 6.1.3) is above 15: the OPT record carries its upper bits. */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

/** Extended DNS errors: why an answer is an error (RFC 8914 section 4). */
export const EXTENDED_ERROR = {
  OTHER: 0,
  NOT_READY: 14,
  BLOCKED: 15,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
} as const;

export const FLAG = {
  /** In the third octet of the header: */
  RESPONSE: 0x80,
  AUTHORITATIVE: 0x04,
  TRUNCATED: 0x02,
  RECURSION_DESIRED: 0x01,
  /** In the fourth octet: */
  RECURSION_AVAILABLE: 0x80,
  CHECKING_DISABLED: 0x10,
} as const;
