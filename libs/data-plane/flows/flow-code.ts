import type { VerdictReason } from '#libs/contracts/verdicts.js';

/** Why a flow was refused, cut or reset at this host, as the flow log and the peer are told. */
export type FlowCode =
  | Exclude<VerdictReason, 'ALLOWED'>
  /** The rule that let it through has ended, and no other does. */
  | 'RULE_ENDED'
  /** This host holds no topology of the network. */
  | 'NETWORK_UNKNOWN'
  /** Out of contact for longer than the network allows. */
  | 'STALE'
  /** The topology places the source elsewhere than where the flow came from. */
  | 'SOURCE_NOT_ON_PEER'
  | 'SOURCE_NOT_HERE'
  /** The developer's machine did not join this network, or was revoked. */
  | 'LOCAL_NODE_NOT_ADMITTED'
  /** No agent holds the target now. */
  | 'TARGET_NOT_PLACED'
  /** Asked as the target's agent, but the target is not here. */
  | 'TARGET_NOT_HERE'
  /** The alias means another sandbox, host or port than when the flow began. */
  | 'TARGET_MOVED'
  /** The target's processes are frozen. */
  | 'TARGET_PAUSED'
  | 'TARGET_FORBIDDEN'
  | 'TARGET_REFUSED'
  | 'TARGET_UNREACHABLE'
  /** The name outside has no address, or no resolver answered. */
  | 'NAME_UNRESOLVED'
  /** Asked as the exit for a name outside, but no rule lets this source leave from here. */
  | 'EXIT_NOT_HERE'
  /** The agent that the rule names as the exit is not reached. No other agent takes its place. */
  | 'EXIT_UNREACHABLE'
  /** GLOBALSTACKS_AGENT_EGRESS is none. */
  | 'EGRESS_OFF'
  /** Every source port that the target could be dialled from is taken. */
  | 'SOURCE_PORTS_EXHAUSTED'
  | 'TARGET_RESET'
  | 'SOURCE_RESET'
  | 'PEER_RESET'
  | 'PEER_UNREACHABLE'
  | 'MESH_NOT_CONFIGURED'
  | 'CONNECT_TIMEOUT'
  | 'IDLE_TIMEOUT'
  | 'FLOW_LIMIT'
  | 'FLOW_ID_TAKEN'
  | 'SANDBOX_GONE'
  | 'SHUTTING_DOWN';

const SAID_TO_PEERS: ReadonlyMap<string, string> = new Map<FlowCode, string>([
  ['LOCAL_NODE_NOT_ADMITTED', 'this agent does not know the local node as a member of this network'],
  ['RULE_ENDED', 'the rule that allowed it has ended'],
  ['NETWORK_UNKNOWN', 'this agent holds no topology of the network'],
  ['STALE', 'this agent was out of contact with the control plane for longer than the network allows'],
  ['SOURCE_NOT_ON_PEER', 'by the topology, the source is not on the agent that sent this connection'],
  ['TARGET_NOT_HERE', 'the alias is not published by a sandbox of this agent'],
  ['EXIT_NOT_HERE', 'no rule allows the source to reach that name through this agent'],
  ['EGRESS_OFF', 'this agent reaches no outside names: its GLOBALSTACKS_AGENT_EGRESS is none'],
  ['NAME_UNRESOLVED', 'the name has no address here, or no resolver of this agent answers'],
  ['TARGET_FORBIDDEN', 'the target is at an address that this agent does not dial'],
  ['TARGET_PAUSED', 'the sandbox is paused'],
  ['TARGET_REFUSED', 'nothing listens on the port'],
  ['SOURCE_PORTS_EXHAUSTED', 'this agent has no free source port for a connection to the sandbox'],
  ['FLOW_LIMIT', 'too many connections are open'],
]);

/** One sentence for whoever asked for the flow. */
export function explainCode(code: string): string {
  return SAID_TO_PEERS.get(code) ?? `the target agent answered ${code}`;
}
