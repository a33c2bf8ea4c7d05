package dev.sluice.packages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a layer is made of: files of a directory of this machine.
 *
 * @param directory of this machine; links in it are kept, not followed
 * @param target where its contents lie in the image: {@code opt/sluice}, or empty for the root
 * @param wanted which of its regular files and links are taken, by their path below {@code directory}
 */
record LayerSource(Path directory, String target, Predicate<Path> wanted) {

    /** All that is in a directory. */
    static LayerSource all(Path directory, String target) {
        return new LayerSource(directory, target, path -> true);
    }

    /** What the layer has of it, sorted, so that equal directories give equal layers. Paths below {@code directory}. */
    List<Path> paths() throws IOException {
        try (Stream<Path> found = Files.walk(directory)) {
            return found.filter(path -> !path.equals(directory))
                    .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                            || wanted.test(directory.relativize(path)))
                    .map(directory::relativize)
                    .sorted()
                    .toList();
        }
    }

    /** Name in the layer's tar, without a slash at either end. */
    String nameOf(Path path) {
        return target.isEmpty() ? path.toString() : target + "/" + path;
    }
}
