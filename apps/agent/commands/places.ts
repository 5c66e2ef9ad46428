/** The settings file and state folder of an installed agent. */
export const CONFIG_FILE = '/etc/globalstacks/agent.env';
export const STATE_FOLDER = '/var/lib/globalstacks-agent';
