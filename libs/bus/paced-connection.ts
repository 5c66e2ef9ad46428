import type { Socket } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type ConnectionOptions, ErrorCode, type NatsConnection, NatsError } from 'nats';
import { NatsConnectionImpl, setTransportFactory } from 'nats/lib/src/nats-base-client.js';
import { NodeTransport, nodeResolveHost } from 'nats/lib/src/node_transport.js';
import { certificateFault } from '#libs/program/certificate-fault.js';
import { BusCertificateError } from './errors.js';

/** About a thousand small messages, which take a few milliseconds to handle. */
const BYTES_A_TURN = 64 * 1_024;

/** Outgoing messages of one turn of the event loop are written together, in pieces of this size. */
const BYTES_A_WRITE = 16 * 1_024;

type ServerAddress = Parameters<NodeTransport['connect']>[0];

/**
 * As `connect` of the client library, but incoming bytes are read in slices between which the event loop goes on. Node
 * reads a socket while there is more, up to 2 MiB at a time: under a flood of small messages, timers and other
 * connections would wait a tenth of a second each time. Outgoing messages of one turn of the event loop are written
 * together: the library calls the kernel for each message, which took a tenth of the control plane's time for a change
 * of many agents. If a server's address begins with `tls://`, a server that does not speak TLS is refused. Errors:
 * BusCertificateError, or the library's.
 */
export function connectPaced(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new PacedTransport(), dnsResolveFn: nodeResolveHost });
  const needsTls = [options.servers ?? []].flat().some((server) => server.startsWith('tls://'));
  return NatsConnectionImpl.connect(needsTls ? { ...options, tls: {} } : options);
}

class PacedTransport extends NodeTransport {
  private unwritten: Uint8Array[] = [];
  private unwrittenBytes = 0;

  /** For a server given by its IP address, the library would compare the certificate with the name localhost. */
  override async connect(server: ServerAddress, options: ConnectionOptions): Promise<void> {
    const ofServer = {
      checkServerIdentity: (_: string, certificate: PeerCertificate) =>
        checkServerIdentity(server.hostname, certificate),
    };
    try {
      await super.connect(server, options.tls ? { ...options, tls: { ...options.tls, ...ofServer } } : options);
    } catch (error) {
      const fault = certificateFault(`tls://${server.hostname}:${server.port}`, codeOf(error));
      if (fault !== null) throw new BusCertificateError(fault.code, fault.message, fault.remedy);
      // The library's own message is only the name of the option.
      if (!(error instanceof NatsError && error.code === ErrorCode.ServerOptionNotAvailable)) throw error;
      throw new NatsError(`${server.hostname}:${server.port} does not offer ${error.message}`, error.code);
    }
  }

  override send(frame: Uint8Array): void {
    this.unwritten.push(frame);
    this.unwrittenBytes += frame.byteLength;
    if (this.unwrittenBytes >= BYTES_A_WRITE) this.write();
    else if (this.unwritten.length === 1) setImmediate(() => this.write());
  }

  /** Ends the connection after what was sent before. */
  override close(error?: Error): Promise<void> {
    this.write();
    return super.close(error);
  }

  private write(): void {
    const [first, ...others] = this.unwritten;
    if (first === undefined) return;
    super.send(others.length === 0 ? first : Buffer.concat(this.unwritten, this.unwrittenBytes));
    this.unwritten = [];
    this.unwrittenBytes = 0;
  }

  override setupHandlers(): void {
    super.setupHandlers();
    readInTurns(this.socket);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof NatsError && error.chainedError !== undefined) return codeOf(error.chainedError);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function readInTurns(socket: Socket): void {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < BYTES_A_TURN || socket.isPaused()) return;
    socket.pause();
    setImmediate(() => {
      bytes = 0;
      socket.resume();
    });
  });
}
