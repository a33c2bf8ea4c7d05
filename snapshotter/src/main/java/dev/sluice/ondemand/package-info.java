/**
 * How the kernel asks for data: the interface of all backends.
 *
 * <p>A backend makes a data device readable for EROFS and answers each read only when its bytes are there. It must not
 * know formats, registries or containerd.
 */
@NullMarked
package dev.sluice.ondemand;

import org.jspecify.annotations.NullMarked;
