#!/bin/sh
set -e
if [ -x /usr/bin/systemd-sysusers ]; then systemd-sysusers globalstacks.conf; fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
