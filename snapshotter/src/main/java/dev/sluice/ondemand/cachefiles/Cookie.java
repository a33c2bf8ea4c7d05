package dev.sluice.ondemand.cachefiles;

import dev.sluice.fill.LayerFill;

/**
 * Something that the kernel may open.
 *
 * @param fill fills the device
 * @param device of the same fill
 * @param temporary whether it is of one mount only: the fill is closed when the kernel closes the cookie
 */
record Cookie(LayerFill fill, CookieDevice device, boolean temporary) {
    Cookie(ProbeLayer layer) {
        this(layer, layer.device(), false);
    }

    Cookie(MetadataImage image) {
        this(image, image.device(), true);
    }

    /** @throws IllegalArgumentException if its device is of another backend */
    static Cookie ofLayer(LayerFill layer) {
        if (layer.device() instanceof CookieDevice device) {
            return new Cookie(layer, device, false);
        }
        throw new IllegalArgumentException("a device of another backend");
    }

    /** The key in its domain. */
    String name() {
        return device.name();
    }
}
