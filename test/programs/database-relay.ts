import { connect } from 'node:net';
import { byteRelay } from '#test/support/byte-relay.js';

/** A database as a sandbox has it: database-relay.js SOCKET passes what comes on port 5432 on to that Unix socket. */
const [, , socket = ''] = process.argv;
byteRelay(() => connect(socket)).listen(5432, () => process.stdout.write('listening\n'));
