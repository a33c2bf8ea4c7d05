/**
 * A small client of the Kubernetes API: one object, a patch, and lists that are kept up to date by watching. It finds the API server as
 * a pod does, by its service account, or by a kubeconfig file.
 *
 * <p>Knows HTTP and the conventions of that API, not what the objects are for; they are JSON trees. The libraries there are would have
 * cost more memory than the rest of the daemon's heap. No type of the HTTP library appears in a public signature. Tokens and keys live in
 * memory only and never reach a log.
 */
@NullMarked
package dev.sluice.kubernetes;

import org.jspecify.annotations.NullMarked;
