/** The runner of proxies, in a file of its own beside the command: there is one for each proxy, and it needs little of the rest. */
export { runProxy } from "@isthmus/dp";
