# Libraries, each with the one place that may see it (README, "Dependencies").
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(CURL REQUIRED)                                                # src/http
find_package(OpenSSL REQUIRED)                                             # src/core/hash.c, core/base64.c, auth/jwt_key.c
find_package(ZLIB REQUIRED)                                                # src/dicom/dicom_scan.c
find_package(DCMTK CONFIG REQUIRED)                                        # src/dicom/dicom_dcmtk.cc
find_package(PNG REQUIRED)                                                 # src/encode/png.c, decode/decode_png.c
find_package(GIF 5 REQUIRED)                                               # src/decode/decode_gif.c
find_package(JPEG REQUIRED)                                                # the two jpeg files
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)                 # src/json
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)         # the two jpeg files
pkg_check_modules(OPENJPEG REQUIRED IMPORTED_TARGET libopenjp2)            # src/decode/decode_j2k.c
pkg_check_modules(LCMS REQUIRED IMPORTED_TARGET lcms2)                     # src/render/icc.c
pkg_check_modules(CHARLS REQUIRED IMPORTED_TARGET charls)                  # src/decode/decode_jpegls.c
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)                      # src/cli/profile.c
pkg_check_modules(CJOSE REQUIRED IMPORTED_TARGET cjose)                    # src/auth/jwt.c, auth/jwt_key.c

# Of DCMTK's thirty libraries only these are needed, and each one more costs start-up time.
set(DCMTK_LIBRARIES dcmjpeg ijg8 ijg12 ijg16 dcmdata oflog ofstd)

# JPEG XL is decoded where libjxl is installed.
option(WADOKIT_JXL "Decode JPEG XL with libjxl" ON)
if(WADOKIT_JXL)
    pkg_check_modules(JXL IMPORTED_TARGET libjxl)                          # src/decode/decode_jxl.c
endif()
# HTJ2K is decoded by OpenJPH where it is installed (five times as fast as OpenJPEG 2.5), else by OpenJPEG.
option(WADOKIT_OPENJPH "Decode HTJ2K with OpenJPH" ON)
if(WADOKIT_OPENJPH)
    # Debian 12's openjph.pc is empty.
    find_library(OPENJPH_LIBRARY openjph)                                  # src/decode/decode_openjph.cc
    find_path(OPENJPH_INCLUDE openjph/ojph_version.h)
    if(OPENJPH_LIBRARY AND OPENJPH_INCLUDE)
        set(OPENJPH_FOUND ON)
        file(STRINGS ${OPENJPH_INCLUDE}/openjph/ojph_version.h OPENJPH_VERSION REGEX "define OPENJPH_VERSION_")
        list(TRANSFORM OPENJPH_VERSION REPLACE ".* " "")
        list(JOIN OPENJPH_VERSION "." OPENJPH_VERSION)
    endif()
endif()
# PNG is deflated by ISA-L where it is installed (five times as fast as zlib at about its size).
option(WADOKIT_ISAL "Write PNG with ISA-L" ON)
if(WADOKIT_ISAL)
    pkg_check_modules(ISAL IMPORTED_TARGET libisal)                        # src/encode/deflate_isal.c
endif()
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)       # src/auth/loopback.c, serve/web_server.c
