package dev.sluice.linux;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Mounts and unmounts in this process's mount namespace. Safe for use by many threads.
 *
 * <p>Never call it from a thread that serves what is mounted: the kernel reads while it mounts.
 */
public final class Mounts {
    // linux/mount.h
    private static final long MS_RDONLY = 1;
    private static final long MS_NOSUID = 2;
    private static final long MS_NODEV = 4;
    private static final long MS_NOEXEC = 8;
    private static final long MS_BIND = 4096;
    private static final long MS_REC = 16384;
    private static final long MS_UNBINDABLE = 1 << 17;
    private static final long MS_PRIVATE = 1 << 18;
    private static final int UMOUNT_NOFOLLOW = 8;

    /** {@code mount(2)} cuts longer options without a word, the final NUL included. */
    private static final int MAX_DATA_BYTES = 4095;

    private final Native libc;

    Mounts(Native libc) {
        this.libc = libc;
    }

    /**
     * Mounts an EROFS image read-only, with set-user-ID programs and device nodes working, as container images need them.
     *
     * @param image the metadata image: a regular file (Linux 6.12) or a block device
     * @param devices the extra devices, in the order of the image's device table; their number has to match
     * @param extraOptions {@code name} or {@code name=value}; {@code directio} is refused, as it crashes kernels (CVE-2026-23224)
     */
    public void erofs(Path image, List<Path> devices, Path target, List<String> extraOptions) throws LinuxException {
        List<String> options = new ArrayList<>();
        devices.forEach(device -> options.add("device=" + device));
        options.addAll(extraOptions);
        if (options.contains("directio")) {
            throw new IllegalArgumentException("EROFS is never mounted with directio");
        }
        mount("erofs", image.toString(), target, options);
    }

    /**
     * Mounts an EROFS image that fscache holds, read-only. The kernel asks the user of {@code /dev/cachefiles} for it before this returns.
     *
     * @param fsid cookie of the metadata image; no other mount of the domain has it
     * @param devices cookies of the extra devices, in the order of the image's device table; mounts of one domain share them
     * @param domain to which the cookies belong
     */
    public void erofs(String fsid, List<String> devices, String domain, Path target) throws LinuxException {
        List<String> options = new ArrayList<>();
        options.add("fsid=" + fsid);
        options.add("domain_id=" + domain);
        devices.forEach(device -> options.add("device=" + device));
        mount("erofs", "none", target, options);
    }

    /**
     * Mounts the other side of a FUSE connection, read-only; only root may use it. Copies of the directories above it, such as
     * containerd makes to shift owners, leave it out: not every kernel can shift a FUSE mount, and one that cannot makes the whole copy
     * fail.
     *
     * @param device an open {@code /dev/fuse}
     * @param source what the mount table shows as the source
     * @param subtype the mount table shows {@code fuse.subtype} as the type
     * @param maxRead the longest read request, in bytes
     */
    public void fuse(LinuxFile device, String source, String subtype, Path target, int maxRead) throws LinuxException {
        String options = "fd=" + device.fd() + ",rootmode=40000,user_id=0,group_id=0,max_read=" + maxRead;
        mount(source, target, "fuse." + subtype, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, options);
        mount("none", target, null, MS_UNBINDABLE, null);
    }

    /** Makes a directory or file visible at another place, without the mounts below it. */
    public void bind(Path source, Path target) throws LinuxException {
        mount(source.toString(), target, null, MS_BIND, null);
    }

    /** Keeps mounts and unmounts below a mount point from reaching other mount namespaces, and theirs from reaching this one. */
    public void makePrivate(Path mountPoint) throws LinuxException {
        mount("none", mountPoint, null, MS_PRIVATE | MS_REC, null);
    }

    /**
     * Mounts an overlay, read-only if it has no upper directory.
     *
     * @param lowers the topmost first; at most 500, none twice
     */
    public void overlay(List<Path> lowers, @Nullable OverlayUpper upper, Path target) throws LinuxException {
        String joined =
                String.join(":", lowers.stream().map(Mounts::escapeLower).toList());
        String options = overlayOptions(joined, upper);
        if (Native.text(options).length <= MAX_DATA_BYTES) {
            mount("overlay", target, "overlay", upper == null ? MS_RDONLY : 0, options);
            return;
        }
        try (MountContext context = MountContext.open(libc, "overlay", "mount overlay on " + target)) {
            context.string("source", "overlay");
            for (Path lower : lowers) {
                context.string("lowerdir+", lower.toString());
            }
            if (upper != null) {
                context.string("upperdir", upper.directory().toString());
                context.string("workdir", upper.work().toString());
            }
            context.mount(target, upper == null ? MountContext.MOUNT_ATTR_RDONLY : 0);
        } catch (LinuxException e) {
            if (!e.is(Errno.EINVAL)) {
                throw e;
            }
            // Before Linux 6.7 there is no lowerdir+.
            overlayByDescriptors(lowers, upper, target);
        }
    }

    /** As {@link #overlay}, for kernels that know no option {@code lowerdir+}. */
    void overlayByDescriptors(List<Path> lowers, @Nullable OverlayUpper upper, Path target) throws LinuxException {
        Path absolute = target.toAbsolutePath();
        new ManyLowers(libc, lowerdir -> {
                    String options = overlayOptions(lowerdir, upper);
                    if (Native.text(options).length > MAX_DATA_BYTES) {
                        throw new LinuxException("mount overlay on " + target, Errno.E2BIG.number());
                    }
                    mount("overlay", absolute, "overlay", upper == null ? MS_RDONLY : 0, options);
                })
                .mount(lowers);
    }

    private static String overlayOptions(String lowerdir, @Nullable OverlayUpper upper) {
        String options = "lowerdir=" + lowerdir;
        if (upper != null) {
            options += ",upperdir=" + escape(upper.directory().toAbsolutePath()) + ",workdir="
                    + escape(upper.work().toAbsolutePath());
        }
        return options;
    }

    /** The writable directory of an overlay, and an empty one beside it on the same file system. */
    public record OverlayUpper(Path directory, Path work) {}

    /**
     * Unmounts what is mounted topmost at a path; a symbolic link there is not followed.
     *
     * @throws LinuxException with {@link Errno#EINVAL} if nothing is mounted there, {@link Errno#EBUSY} if it is in use
     */
    public void unmount(Path target, UnmountFlag... flags) throws LinuxException {
        Set<UnmountFlag> all = EnumSet.noneOf(UnmountFlag.class);
        all.addAll(List.of(flags));
        int bits = UMOUNT_NOFOLLOW;
        for (UnmountFlag flag : all) {
            bits |= flag.bit;
        }
        libc.check(libc.libc().umount2(Native.path(target), bits), "unmount " + target);
    }

    /** Flags of {@code umount2(2)}. */
    public enum UnmountFlag {
        /** Aborts the requests of a FUSE connection. */
        FORCE(1),
        /** Takes the mount out of the tree now and lets it go when nobody uses it any more. */
        DETACH(2);

        private final int bit;

        UnmountFlag(int bit) {
            this.bit = bit;
        }
    }

    /** Uses {@code fsopen} where there is one; {@code mount(2)} where there is none, or where it alone takes a long path. */
    private void mount(String type, String source, Path target, List<String> options) throws LinuxException {
        String data = String.join(",", options);
        boolean longValue = isLong(source) || options.stream().anyMatch(Mounts::isLong);
        if (longValue && Native.text(data).length <= MAX_DATA_BYTES) {
            mount(source, target, type, MS_RDONLY, data);
            return;
        }
        try (MountContext context = MountContext.open(libc, type, "mount " + type + " on " + target)) {
            context.string("source", source);
            context.flag("ro");
            for (String option : options) {
                context.option(option);
            }
            context.mount(target, MountContext.MOUNT_ATTR_RDONLY);
        } catch (LinuxException e) {
            if (!e.is(Errno.ENOSYS) || Native.text(data).length > MAX_DATA_BYTES) {
                throw e;
            }
            mount(source, target, type, MS_RDONLY, data);
        }
    }

    private void mount(String source, Path target, @Nullable String type, long flags, @Nullable String data)
            throws LinuxException {
        long result = libc.libc()
                .mount(
                        Native.text(source),
                        Native.path(target),
                        type == null ? null : Native.text(type),
                        flags,
                        data == null ? null : Native.text(data));
        libc.check(result, "mount " + (type == null ? source : type) + " on " + target);
    }

    private static boolean isLong(String option) {
        return Native.text(option.substring(option.indexOf('=') + 1)).length > MountContext.MAX_VALUE_BYTES + 1;
    }

    private static String escape(Path path) {
        return path.toString().replace("\\", "\\\\").replace(",", "\\,");
    }

    private static String escapeLower(Path path) {
        return escape(path).replace(":", "\\:");
    }
}
