/** Where an agent that was installed keeps its settings and its state. */
export const CONFIG_FILE = '/etc/globalstacks/agent.env';
export const STATE_FOLDER = '/var/lib/globalstacks-agent';
