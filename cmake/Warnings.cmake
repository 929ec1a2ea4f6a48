# One set of compiler flags for everything that is ours.
add_library(wadokit_flags INTERFACE)
target_compile_definitions(wadokit_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(wadokit_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wvla -Wpointer-arith -Wwrite-strings
    -Wformat=2 -Wcast-qual -Wno-format-nonliteral
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>
    $<$<BOOL:${WADOKIT_WERROR}>:-Werror>)
if(WADOKIT_SANITIZE)
    target_compile_definitions(wadokit_flags INTERFACE WADOKIT_SANITIZED)
    target_compile_options(wadokit_flags INTERFACE
        -fsanitize=${WADOKIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(wadokit_flags INTERFACE -fsanitize=${WADOKIT_SANITIZE})
endif()
if(WADOKIT_FUZZ)
    target_compile_options(wadokit_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
