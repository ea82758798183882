/**
 * Realtime: one socket, private channels, and whether it is there. Messages are sent at most once, so whoever listens reads the table
 * again after every subscription: what came while the socket was away is there.
 *
 * @module
 */
import { byId } from "./dom.js";

/** @typedef {import("@supabase/supabase-js").RealtimeChannel} Channel */

/** Of each channel, whether it is subscribed.
 * @type {Map<string, boolean>} */
const channels = new Map();
let wasLive = false;

function showState() {
  const isLive = channels.size > 0 && [...channels.values()].every((isSubscribed) => isSubscribed);
  const state = isLive ? "live" : wasLive ? "reconnecting" : "connecting";
  wasLive ||= isLive;
  const pill = byId("connection");
  if (pill.dataset.state === state) return;
  pill.dataset.state = state;
  pill.textContent = { live: "Live", reconnecting: "Reconnecting", connecting: "Connecting" }[state];
}

/**
 * Subscribes, and calls `read` after each subscription, also those after a disconnect.
 *
 * @param {import("./reading.js").Client} client
 * @param {string} topic
 * @param {{ isPrivate: boolean, listen: (channel: Channel) => Channel, read: () => void }} options
 * @returns {() => void} ends it.
 */
export function subscribe(client, topic, { isPrivate, listen, read }) {
  channels.set(topic, false);
  showState();
  const channel = listen(client.channel(topic, { config: { private: isPrivate } }));
  channel.subscribe((status) => {
    if (!channels.has(topic)) return;
    channels.set(topic, status === "SUBSCRIBED");
    showState();
    if (status === "SUBSCRIBED") read();
  });
  return () => {
    channels.delete(topic);
    showState();
    void client.removeChannel(channel);
  };
}
