package dev.sluice.ondemand.cachefiles;

import dev.sluice.ondemand.LayerFiles;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The cookie of a metadata image: something that makes it unique, because the kernel mounts no cookie of a domain twice; layer; and file in its
 * directory. It tells a later process where the file is. What makes it unique comes first: the kernel names the mount in sysfs by domain
 * and cookie, cuts that at 36 characters, and refuses a name that it has.
 *
 * @param layer as in {@link dev.sluice.ondemand.Backend#attach}
 * @param file its name in the layer's directory
 */
record MetadataName(String layer, String file) {
    private static final Pattern PATTERN =
            Pattern.compile("[a-z0-9-]{1,20}=([0-9a-f]{1,64})=([a-z0-9-]{1,140}\\.erofs)");

    /**
     * @param unique at most 20 characters
     * @throws IllegalArgumentException if the file's name is none of a metadata image
     */
    static String of(String unique, String layer, Path metadata) {
        String name = unique + "=" + layer + "=" + metadata.getFileName();
        if (parse(name).isEmpty()) {
            throw new IllegalArgumentException("not the name of a metadata image: " + metadata);
        }
        return name;
    }

    /** Empty if it is the cookie of something else. */
    static Optional<MetadataName> parse(String cookie) {
        Matcher matcher = PATTERN.matcher(cookie);
        return matcher.matches() ? Optional.of(new MetadataName(matcher.group(1), matcher.group(2))) : Optional.empty();
    }

    Path in(LayerFiles files) {
        return files.directory().resolve(file);
    }
}
