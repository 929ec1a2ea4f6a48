# Libraries, each with the one place that may see it (README, "Dependencies"). Those of decoders are asked for in
# src/decode/CMakeLists.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(CURL 7.87 REQUIRED)                                           # src/http
find_package(OpenSSL 3.0 REQUIRED)                                          # src/core/hash.c, core/base64.c, auth/jwt_key.c
find_package(ZLIB REQUIRED)                                                # src/dicom/dicom_scan.c
find_package(DCMTK CONFIG REQUIRED)                                        # src/dicom/dicom_dcmtk.cc
find_package(PNG REQUIRED)                                                 # src/encode/png.c, decode/decode_png.c
find_package(JPEG REQUIRED)                                                # src/encode/jpeg.c, decode/decode_jpeg.c
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)                 # src/json
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)         # the two jpeg files
pkg_check_modules(LCMS REQUIRED IMPORTED_TARGET lcms2)                     # src/render/icc.c
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)                      # src/cli/profile.c
pkg_check_modules(CJOSE REQUIRED IMPORTED_TARGET cjose)                    # src/auth/jwt.c, auth/jwt_key.c

# Of DCMTK's thirty libraries only these are needed, and each one more costs start-up time.
set(DCMTK_LIBRARIES dcmjpeg ijg8 ijg12 ijg16 dcmdata oflog ofstd)

# PNG is deflated by ISA-L where it is installed (five times as fast as zlib at about its size).
option(WADOKIT_ISAL "Write PNG with ISA-L" ON)
if(WADOKIT_ISAL)
    pkg_check_modules(ISAL IMPORTED_TARGET libisal)                        # src/encode/deflate_isal.c
endif()
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)       # src/auth/loopback.c, serve/web_server.c
