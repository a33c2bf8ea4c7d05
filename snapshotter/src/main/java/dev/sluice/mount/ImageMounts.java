package dev.sluice.mount;

import dev.sluice.image.ImageResolver;
import dev.sluice.image.ResolvedImage;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Outcome;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Platform;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images mounted read-only without containerd, by {@code sluice mount}. They come back after a restart. One call at a time: all
 * methods are synchronized.
 */
public final class ImageMounts {
    private static final Logger log = LoggerFactory.getLogger(ImageMounts.class);

    private final ImageMountFile file;
    private final LayerManager layers;
    private final ImageResolver resolver;
    private final Mounts mounts;
    private final Map<Path, ImageMount> mounted = new LinkedHashMap<>();

    /**
     * @param file where the mounts are remembered
     * @param mounts of this machine
     */
    public ImageMounts(Path file, LayerManager layers, ImageResolver resolver, Mounts mounts) {
        this.file = new ImageMountFile(file);
        this.layers = layers;
        this.resolver = resolver;
        this.mounts = mounts;
    }

    /**
     * An image and where it is mounted.
     *
     * @param layers the topmost first
     */
    public record ImageMount(String reference, Path directory, List<LayerKey> layers) {
        public ImageMount {
            layers = List.copyOf(layers);
        }
    }

    /** Mounts again what an earlier process had mounted; what cannot be is dropped with a warning. Needs no network. */
    public synchronized void restore() throws IOException {
        for (ImageMount mount : file.read()) {
            mount.layers().forEach(layers::retain);
            try {
                if (MountTable.read().at(mount.directory()).isPresent()) {
                    mounts.unmount(mount.directory(), UnmountFlag.DETACH);
                }
                overlay(mount);
                mounted.put(mount.directory(), mount);
            } catch (IOException e) {
                log.warn(
                        "Tried to mount {} at {} again but failed because: {}",
                        mount.reference(),
                        mount.directory(),
                        e.getMessage());
                mount.layers().forEach(layers::release);
            }
        }
        file.write(List.copyOf(mounted.values()));
    }

    /**
     * Mounts an image.
     *
     * @param directory absolute, an existing and empty directory
     * @throws IOException if the image is not there, a layer cannot be lazy, or the directory is taken
     */
    public synchronized ImageMount mount(ImageReference reference, Platform platform, Path directory)
            throws IOException {
        Path target;
        try {
            target = directory.toRealPath();
        } catch (NoSuchFileException e) {
            throw new IOException("there is no directory " + directory, e);
        }
        requireFree(target, directory);
        List<LayerKey> acquired = new ArrayList<>();
        try {
            ResolvedImage image = resolver.resolveReference(reference, platform);
            List<Path> lowers = new ArrayList<>();
            for (int i = 0; i < image.manifest().layers().size(); i++) {
                Outcome outcome = layers.acquire(image.atLayer(i), lowers);
                if (outcome instanceof Outcome.NotLazy notLazy) {
                    throw new IOException(
                            "layer " + image.manifest().layers().get(i).digest() + " of " + reference
                                    + " cannot be lazy: " + notLazy.reason());
                }
                if (!(outcome instanceof Outcome.Lazy lazy)) {
                    throw new IOException("interrupted while layer "
                            + image.manifest().layers().get(i).digest() + " of " + reference + " was fetched");
                }
                LayerKey key = lazy.key();
                acquired.add(0, key);
                lowers.add(0, layers.directory(key));
            }
            ImageMount mount = new ImageMount(reference.toString(), target, acquired);
            overlay(mount);
            mounted.put(target, mount);
            file.write(List.copyOf(mounted.values()));
            return mount;
        } catch (IOException | RuntimeException e) {
            acquired.forEach(layers::release);
            dropUnused(e);
            throw e;
        }
    }

    private void requireFree(Path target, Path directory) throws IOException {
        ImageMount mount = mounted.get(target);
        if (mount != null && MountTable.read().at(target).isEmpty()) {
            // Somebody has unmounted it without telling us.
            forget(mount);
        } else if (mount != null) {
            throw new IOException(mount.reference() + " is already mounted at " + directory);
        }
        if (!Files.isDirectory(target)) {
            throw new IOException(directory + " is not a directory");
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(target)) {
            if (entries.iterator().hasNext()) {
                throw new IOException(directory + " is not empty");
            }
        }
    }

    private void dropUnused(Exception failure) {
        try {
            layers.cleanup();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Takes a mount away and gives its layers back. It may have been unmounted before.
     *
     * @return what was mounted; empty if nothing of ours is
     */
    public synchronized Optional<ImageMount> unmount(Path directory) throws IOException {
        ImageMount mount = mounted.get(place(directory));
        if (mount == null) {
            return Optional.empty();
        }
        if (MountTable.read().at(mount.directory()).isPresent()) {
            mounts.unmount(mount.directory());
        }
        forget(mount);
        layers.cleanup();
        return Optional.of(mount);
    }

    public synchronized List<ImageMount> list() {
        return List.copyOf(mounted.values());
    }

    private void forget(ImageMount mount) throws IOException {
        mounted.remove(mount.directory());
        file.write(List.copyOf(mounted.values()));
        mount.layers().forEach(layers::release);
    }

    /** Where a mount at this directory would be; links may lead to it. */
    private Path place(Path directory) throws IOException {
        Path plain = directory.toAbsolutePath().normalize();
        return mounted.containsKey(plain) || !Files.exists(plain) ? plain : plain.toRealPath();
    }

    private void overlay(ImageMount mount) throws IOException {
        List<Path> lowers = new ArrayList<>();
        for (LayerKey key : mount.layers()) {
            Path lower = layers.directory(key);
            if (!lowers.contains(lower)) {
                lowers.add(lower);
            }
        }
        if (lowers.size() == 1) {
            mounts.bind(lowers.get(0), mount.directory());
        } else {
            mounts.overlay(lowers, null, mount.directory());
        }
    }
}
