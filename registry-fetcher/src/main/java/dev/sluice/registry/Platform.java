package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What an image was built for, in the words of the OCI image index and normalized as containerd does: {@code x86_64} is
 * {@code amd64}, {@code aarch64} is {@code arm64}, {@code arm64/v8} is {@code arm64}, {@code arm} is {@code arm/v7}.
 *
 * @param os such as {@code linux}
 * @param architecture such as {@code amd64}
 * @param variant such as {@code v7}; absent where it says nothing
 * @param osVersion as the publisher wrote it; not used for matching
 */
public record Platform(String os, String architecture, Optional<String> variant, Optional<String> osVersion) {
    private static final int MAX_LEVEL = 32;

    public Platform {
        requireNonNull(osVersion, "osVersion is null");
        os = os.toLowerCase(Locale.ROOT);
        if (os.equals("macos")) {
            os = "darwin";
        }
        String level = variant.orElse("").toLowerCase(Locale.ROOT);
        architecture = architecture.toLowerCase(Locale.ROOT);
        switch (architecture) {
            case "i386" -> {
                architecture = "386";
                level = "";
            }
            case "x86_64", "x86-64", "amd64" -> {
                architecture = "amd64";
                level = level.equals("v1") ? "" : level;
            }
            case "aarch64", "arm64" -> {
                architecture = "arm64";
                level = switch (level) {
                    case "8", "v8", "v8.0" -> "";
                    case "9", "9.0", "v9.0" -> "v9";
                    default -> level;
                };
            }
            case "armhf" -> {
                architecture = "arm";
                level = "v7";
            }
            case "armel" -> {
                architecture = "arm";
                level = "v6";
            }
            case "arm" ->
                level = switch (level) {
                    case "", "7" -> "v7";
                    case "5", "6", "8" -> "v" + level;
                    default -> level;
                };
            default -> {}
        }
        variant = level.isEmpty() ? Optional.empty() : Optional.of(level);
    }

    /** A platform without variant. */
    public Platform(String os, String architecture) {
        this(os, architecture, Optional.empty(), Optional.empty());
    }

    /**
     * Parses {@code os/architecture[/variant]}.
     *
     * @throws IllegalArgumentException if it has another number of parts, or an empty one
     */
    public static Platform parse(String platform) {
        String[] parts = platform.split("/", -1);
        if (parts.length < 2 || parts.length > 3 || List.of(parts).contains("")) {
            throw new IllegalArgumentException("not a platform of the form os/architecture[/variant]: " + platform);
        }
        return new Platform(
                parts[0], parts[1], parts.length == 3 ? Optional.of(parts[2]) : Optional.empty(), Optional.empty());
    }

    /** Linux on the processor that this runs on; its variant is not looked for. */
    public static Platform linuxHere() {
        return new Platform("linux", System.getProperty("os.arch", "amd64"));
    }

    /**
     * How well a machine of this platform likes an image of another one: 0 is best, absent is not at all. A newer arm runs the older
     * variants, arm64 runs arm, amd64 runs the lower levels and 386.
     */
    public OptionalInt preference(Platform image) {
        List<Platform> runnable = runnable();
        for (int i = 0; i < runnable.size(); i++) {
            Platform candidate = runnable.get(i);
            if (candidate.os.equals(image.os)
                    && candidate.architecture.equals(image.architecture)
                    && candidate.variant.equals(image.variant)) {
                return OptionalInt.of(i);
            }
        }
        return OptionalInt.empty();
    }

    /** Whether a machine of this platform runs images of the other one. */
    public boolean runs(Platform image) {
        return preference(image).isPresent();
    }

    private List<Platform> runnable() {
        List<Platform> all = new ArrayList<>();
        all.add(this);
        switch (architecture) {
            case "amd64" -> {
                addLevels(all, architecture, level(), 1);
                all.add(new Platform(os, "386"));
            }
            case "arm" -> addLevels(all, architecture, level(), 5);
            case "arm64" -> {
                if (level() >= 9) {
                    all.add(new Platform(os, architecture));
                }
                addLevels(all, "arm", 9, 5);
            }
            default -> {}
        }
        return all;
    }

    private void addLevels(List<Platform> all, String arch, int above, int lowest) {
        for (int level = above - 1; level >= lowest; level--) {
            all.add(new Platform(os, arch, Optional.of("v" + level), Optional.empty()));
        }
    }

    /** The number in the variant, 0 if it has none. */
    private int level() {
        String digits =
                variant.filter(v -> v.startsWith("v")).map(v -> v.substring(1)).orElse("");
        if (digits.isEmpty() || digits.length() > 2 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return 0;
        }
        return Math.min(Integer.parseInt(digits), MAX_LEVEL);
    }

    @Override
    public String toString() {
        return os + "/" + architecture + variant.map(v -> "/" + v).orElse("");
    }
}
