<?php
/**
 * A post's content as a visitor sees it.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.WP.GlobalVariablesOverride -- that is what this is for; all of it is put back.

/**
 * Blocks, shortcodes and other plugins look at the query, the post and the user to know what to show. For as long as one post is
 * rendered, these are those of a stranger who has opened the post's own page.
 */
final class Visitor_View {

	/** What WordPress keeps about the post that is being shown. */
	const GLOBALS_OF_A_POST = array( 'post', 'wp_query', 'wp_the_query', 'id', 'authordata', 'currentday', 'currentmonth', 'page', 'pages', 'multipage', 'more', 'numpages', 'current_screen' );

	/** Seconds that a call to another server may take which a shortcode makes. */
	const PATIENCE = 3;

	/**
	 * The content of a post as HTML, with its blocks rendered and its shortcodes run.
	 *
	 * @param \WP_Post $post  A post.
	 * @param bool     $plain Whether to do without everything that runs a program: the post did something bad before.
	 * @return string
	 */
	public static function render( $post, $plain ) {
		// The parts of a post that is split into pages are one document; `more` marks nothing on the post's own page.
		$content = preg_replace( '/<!--(nextpage|more(.*?)|noteaser)-->/', '', $post->post_content );
		return $plain ? self::without_programs( $content ) : self::with_programs( $post, $content );
	}

	/**
	 * Runs everything that WordPress runs on a page; but of another site's video or picture the address says enough, and need not be
	 * fetched.
	 *
	 * @param \WP_Post $post    A post.
	 * @param string   $content Its content.
	 * @return string
	 * @throws \Throwable What a block or shortcode threw; everything is put back before.
	 */
	private static function with_programs( $post, $content ) {
		$kept   = array_intersect_key( $GLOBALS, array_flip( self::GLOBALS_OF_A_POST ) );
		$user   = get_current_user_id();
		$ours   = switch_to_locale( get_locale() ); // In the admin it may be the language of the user.
		$deep   = ob_get_level();
		$embeds = false;
		ob_start(); // A shortcode that prints what it should return must not reach anybody.
		try {
			self::open_page( $post );
			$embeds = remove_filter( 'the_content', array( $GLOBALS['wp_embed'], 'autoembed' ), 8 );
			add_filter( 'http_request_args', array( self::class, 'be_impatient' ), PHP_INT_MAX );
			/** This filter is documented in wp-includes/post-template.php */
			return (string) apply_filters( 'the_content', $content ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own.
		} finally {
			remove_filter( 'http_request_args', array( self::class, 'be_impatient' ), PHP_INT_MAX );
			if ( $embeds ) {
				add_filter( 'the_content', array( $GLOBALS['wp_embed'], 'autoembed' ), 8 );
			}
			while ( ob_get_level() > $deep && ob_end_clean() ) {
				continue;
			}
			foreach ( self::GLOBALS_OF_A_POST as $name ) {
				if ( array_key_exists( $name, $kept ) ) {
					$GLOBALS[ $name ] = $kept[ $name ];
				} else {
					unset( $GLOBALS[ $name ] );
				}
			}
			wp_set_current_user( $user );
			if ( $ours ) {
				restore_previous_locale();
			}
		}
	}

	/**
	 * What stands in the post itself: text, and blocks that hold their own HTML.
	 *
	 * @param string $content A post's content.
	 * @return string
	 */
	private static function without_programs( $content ) {
		return wpautop( preg_replace( '/<!--.*?-->/s', '', strip_shortcodes( $content ) ) );
	}

	/**
	 * Makes WordPress believe that a stranger is looking at a post's page.
	 *
	 * @param \WP_Post $post A post.
	 */
	private static function open_page( $post ) {
		wp_set_current_user( 0 );
		if ( class_exists( 'WP_Screen', false ) ) {
			$GLOBALS['current_screen'] = \WP_Screen::get( 'front' ); // Now is_admin() is false.
		}
		$query                    = new \WP_Query();
		$query->posts             = array( $post );
		$query->post              = $post;
		$query->post_count        = 1;
		$query->found_posts       = 1;
		$query->queried_object    = $post;
		$query->queried_object_id = $post->ID;
		$query->is_singular       = true;
		$query->is_page           = 'page' === $post->post_type;
		$query->is_single         = ! $query->is_page;
		$query->query_vars        = array_merge( $query->fill_query_vars( array() ), array( 'page' => 0 ) );
		$GLOBALS['wp_query']      = $query;
		$GLOBALS['wp_the_query']  = $query;
		$query->the_post();
	}

	/**
	 * Shortens the time that other servers are waited for.
	 *
	 * @param array $request What WordPress is about to send.
	 * @return array
	 */
	public static function be_impatient( $request ) {
		$request['timeout'] = min( self::PATIENCE, isset( $request['timeout'] ) ? (float) $request['timeout'] : self::PATIENCE );
		return $request;
	}
}
